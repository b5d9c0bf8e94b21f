import { stat } from 'node:fs/promises';
import { systemClock } from '../clock.js';
import { attempt } from './deadline.js';
import { DeadlineExceededError } from '../errors/index.js';

/** Attempts within 5 ms, and blocks the event loop for longer before it can look at answers. */
async function attemptWhileBlocked<T>(ask: () => Promise<T>): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    setImmediate(() => {
      attempt({ clock: systemClock, timeoutMs: 5, what: 'asking' }, ask).then(resolve, reject);
      const until = performance.now() + 50;
      while (performance.now() < until);
    });
  });
}

describe('an attempt', () => {
  it('takes an answer that came while the event loop was blocked, though its time is over', async () => {
    const answer = await attemptWhileBlocked(async () => await stat('/'));
    expect(answer.isDirectory()).toBe(true);
  });

  it('ends without an answer all the same', async () => {
    const never = attemptWhileBlocked(async () => await new Promise(() => undefined));
    await expect(never).rejects.toThrow(DeadlineExceededError);
  });
});
