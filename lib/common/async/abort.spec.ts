import { getEventListeners } from 'node:events';
import { ClosedError } from '../errors/index.js';
import { abortReason, linkSignals, onAbort, withSignals } from './abort.js';
import { AbortScope } from './abort-scope.js';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('onAbort', () => {
  it('calls the listener once, and immediately if the signal is aborted already', () => {
    const controller = new AbortController();
    let calls = 0;
    onAbort(controller.signal, () => (calls += 1));
    expect(calls).toBe(0);
    controller.abort();
    expect(calls).toBe(1);
    onAbort(controller.signal, () => (calls += 1));
    expect(calls).toBe(2);
  });

  it('removes the listener', () => {
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
  it('aborts with the first signal and its reason', () => {
    const [a, b] = [new AbortController(), new AbortController()];
    const { signal } = linkSignals(a.signal, undefined, b.signal);
    expect(signal.aborted).toBe(false);
    b.abort(new Error('b'));
    expect(abortReason(signal).message).toBe('b');
    a.abort(new Error('a'));
    expect(abortReason(signal).message).toBe('b');
  });

  it('is aborted from the start if one signal is', () => {
    expect(linkSignals(AbortSignal.abort(new Error('before'))).signal.aborted).toBe(true);
  });

  it('removes its listeners after success and failure', async () => {
    const { signal } = new AbortController();
    await withSignals([signal], () => Promise.resolve());
    await withSignals([signal], () => Promise.reject(new Error('failed'))).catch(() => undefined);
    expect(listeners(signal)).toBe(0);
  });
});

describe('AbortScope', () => {
  it('aborts running tasks and refuses further ones after close', () => {
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

  it("aborts with the caller's signal and removes its listeners on release", () => {
    const scope = new AbortScope('The registry x:');
    const caller = new AbortController();
    const linked = scope.link(caller.signal);
    caller.abort(new Error('enough'));
    expect(abortReason(linked.signal).message).toBe('enough');
    linked.release();
    expect(listeners(scope.signal)).toBe(0);
  });
});
