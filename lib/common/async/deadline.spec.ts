import { getEventListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder, tempFolder } from '../../../test/harness/temp.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { systemClock } from '../clock.js';
import { attempt } from './deadline.js';
import { DeadlineExceededError } from '../errors/index.js';

/**
 * Starts an attempt of 5 ms and blocks the event loop until the response has arrived, so that the timer is due before it is
 * read.
 */
async function attemptWhileBlocked<T>(ask: () => Promise<T>, arrived = () => true): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    setImmediate(() => {
      attempt({ clock: systemClock, timeoutMs: 5, what: 'asking' }, ask).then(resolve, reject);
      const end = performance.now() + 60_000;
      while (!arrived() && performance.now() < end);
      // For the timer, and for what the thread of the response still does after it shows.
      const until = performance.now() + 100;
      while (performance.now() < until);
    });
  });
}

describe('attempt', () => {
  it('returns a response that arrived in time while the event loop was blocked', async () => {
    const folder = await tempFolder('deadline');
    const made = join(folder, 'made');
    const ask = async (): Promise<string> => {
      await mkdir(made);
      return 'made';
    };
    expect(await attemptWhileBlocked(ask, () => existsSync(made))).toBe('made');
    await removeFolder(folder);
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
