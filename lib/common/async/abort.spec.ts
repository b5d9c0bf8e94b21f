import { getEventListeners } from 'node:events';
import { ClosedError } from '../errors/index.js';
import { abortReason, linkSignals, onAbort, withSignals } from './abort.js';
import { AbortScope } from './abort-scope.js';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('onAbort', () => {
  it('calls once, and at once where the signal is aborted already', () => {
    const controller = new AbortController();
    let calls = 0;
    onAbort(controller.signal, () => (calls += 1));
    expect(calls).toBe(0);
    controller.abort();
    expect(calls).toBe(1);
    onAbort(controller.signal, () => (calls += 1));
    expect(calls).toBe(2);
  });

  it('removes its listener', () => {
    const { signal } = new AbortController();
    const remove = onAbort(signal, () => undefined);
    expect(listeners(signal)).toBe(1);
    remove();
    expect(listeners(signal)).toBe(0);
  });

  it('does nothing without a signal', () => {
    expect(() => onAbort(undefined, () => undefined)()).not.toThrow();
  });
});

describe('linkSignals', () => {
  it('follows each of its signals, with the reason', () => {
    const [a, b] = [new AbortController(), new AbortController()];
    const { signal } = linkSignals(a.signal, undefined, b.signal);
    expect(signal.aborted).toBe(false);
    b.abort(new Error('b'));
    expect(abortReason(signal).message).toBe('b');
    a.abort(new Error('a'));
    expect(abortReason(signal).message).toBe('b');
  });

  it('is aborted at once where one is', () => {
    expect(linkSignals(AbortSignal.abort(new Error('before'))).signal.aborted).toBe(true);
  });

  it('leaves no listener behind', async () => {
    const { signal } = new AbortController();
    await withSignals([signal], () => Promise.resolve());
    await withSignals([signal], () => Promise.reject(new Error('failed'))).catch(() => undefined);
    expect(listeners(signal)).toBe(0);
  });
});

describe('AbortScope', () => {
  it('ends the work that runs in it, and refuses more', () => {
    const scope = new AbortScope('The registry x:');
    const { signal } = scope.link(new AbortController().signal);
    scope.close();
    scope.close();
    expect(abortReason(signal)).toBeInstanceOf(ClosedError);
    expect(scope.closed).toBe(true);
    expect(() => scope.link()).toThrow(ClosedError);
    expect(() => {
      scope.assertOpen();
    }).toThrow('The registry x:');
  });

  it('follows the caller, and keeps nothing once released', () => {
    const scope = new AbortScope('The registry x:');
    const caller = new AbortController();
    const linked = scope.link(caller.signal);
    caller.abort(new Error('enough'));
    expect(abortReason(linked.signal).message).toBe('enough');
    linked.release();
    expect(listeners(scope.signal)).toBe(0);
  });
});
