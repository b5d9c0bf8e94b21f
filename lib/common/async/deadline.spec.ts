import { getEventListeners } from 'node:events';
import { stat } from 'node:fs/promises';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { systemClock } from '../clock.js';
import { attempt } from './deadline.js';
import { DeadlineExceededError } from '../errors/index.js';

/** Starts an attempt of 5 ms and blocks the event loop for longer, so that the timer is due before a response is read. */
async function attemptWhileBlocked<T>(ask: () => Promise<T>): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    setImmediate(() => {
      attempt({ clock: systemClock, timeoutMs: 5, what: 'asking' }, ask).then(resolve, reject);
      // Long enough for another thread to get a processor and answer, on a busy machine too.
      const until = performance.now() + 200;
      while (performance.now() < until);
    });
  });
}

describe('attempt', () => {
  it('returns a response that arrived in time while the event loop was blocked', async () => {
    const answer = await attemptWhileBlocked(async () => await stat('/'));
    expect(answer.isDirectory()).toBe(true);
  });

  it('leaves no timer and no listener when the function throws before it returns a promise', async () => {
    const clock = new VirtualClock();
    const { signal } = new AbortController();
    const throws = (): never => {
      throw new TypeError('not sent');
    };
    const failing = attempt({ clock, timeoutMs: 1_000, signal, what: 'asking' }, throws);
    await expect(failing).rejects.toThrow(new TypeError('not sent'));
    expect([clock.pending, getEventListeners(signal, 'abort')]).toEqual([0, []]);
  });

  it('fails without a response after a blocked event loop', async () => {
    const never = attemptWhileBlocked(async () => await new Promise(() => undefined));
    await expect(never).rejects.toThrow(DeadlineExceededError);
  });
});
