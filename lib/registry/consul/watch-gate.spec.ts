import { deferred } from '../../kernel/deferred.js';
import { WatchGate } from './watch-gate.js';

const never = new AbortController().signal;

describe('WatchGate', () => {
  it('lets so many in at a time, and the others in turn', async () => {
    const gate = new WatchGate(2);
    const ends = Array.from({ length: 5 }, () => deferred<void>());
    const begun: number[] = [];
    const turns = ends.map((end, n) =>
      gate.enter(never, async () => {
        begun.push(n);
        await end.promise;
        return n;
      }),
    );
    await Promise.resolve();
    expect(begun).toEqual([0, 1]);
    expect(gate.share).toBe(2 / 5);
    ends[1]!.resolve();
    expect(await turns[1]).toBe(1);
    await new Promise(setImmediate);
    expect(begun).toEqual([0, 1, 2]);
    for (const end of ends) end.resolve();
    expect(await Promise.all(turns)).toEqual([0, 1, 2, 3, 4]);
    expect(gate.share).toBe(1);
  });

  it('makes room after a failure, and forgets who gives up waiting', async () => {
    const gate = new WatchGate(1);
    const end = deferred<void>();
    const first = gate.enter(never, async () => await end.promise);
    const impatient = new AbortController();
    const waiting = gate.enter(impatient.signal, () => Promise.resolve('never'));
    impatient.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    end.reject(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    expect(await gate.enter(never, () => Promise.resolve('in'))).toBe('in');
  });

  it('lets go of who gives up during a turn, and keeps the place until the turn is over', async () => {
    const gate = new WatchGate(1);
    const end = deferred<void>();
    const leaver = new AbortController();
    const left = gate.enter(leaver.signal, async () => await end.promise);
    leaver.abort(new Error('enough'));
    await expect(left).rejects.toThrow('enough');
    let begun = false;
    const next = gate.enter(never, () => Promise.resolve((begun = true)));
    await new Promise(setImmediate);
    expect(begun).toBe(false);
    // What becomes of it concerns nobody any more.
    end.reject(new Error('broken'));
    expect(await next).toBe(true);
  });
});
