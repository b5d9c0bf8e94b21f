import { VirtualClock } from '../../testing/virtual-clock.js';
import { deferred } from './deferred.js';
import { DeadlineExceededError } from '../errors/index.js';
import { Watchdog } from './watchdog.js';

describe('Watchdog', () => {
  let clock: VirtualClock;
  let controller: AbortController;
  let watchdog: Watchdog;

  beforeEach(() => {
    clock = new VirtualClock();
    controller = new AbortController();
    watchdog = make(1_000);
  });
  afterEach(() => {
    watchdog.end();
    expect(clock.pending).toBe(0);
  });

  function make(timeout: number): Watchdog {
    return new Watchdog({ clock, timeoutMs: timeout, signal: controller.signal, what: 'The watch' });
  }

  const never = (): Promise<never> => new Promise(() => undefined);

  it('settles as the given promise does', async () => {
    expect(await watchdog.wait(Promise.resolve('a'))).toBe('a');
    await expect(watchdog.wait(Promise.reject(new Error('b')))).rejects.toThrow('b');
  });

  it('bounds each of many waits with one timer', async () => {
    for (let i = 0; i < 20; i += 1) {
      const wait = watchdog.wait(
        new Promise((resolve) => {
          clock.after(900, () => {
            resolve(undefined);
          });
        }),
      );
      await clock.advance(900);
      await wait;
      expect(clock.pending).toBe(1);
    }
    const failed = watchdog.wait(never()).catch((error: unknown) => error);
    await clock.advance(999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await failed).toBeInstanceOf(DeadlineExceededError);
    expect(await failed).toMatchObject({ message: 'The watch was not answered within 1000 ms.' });
  });

  it('measures from the start of a wait, also after an idle time', async () => {
    await watchdog.wait(Promise.resolve());
    await clock.advance(10_000);
    const failed = watchdog.wait(never()).catch((error: unknown) => error);
    await clock.advance(500);
    let settled = false;
    void failed.then(() => (settled = true));
    await clock.advance(499);
    expect(settled).toBe(false);
    await clock.advance(1);
    expect(await failed).toBeInstanceOf(DeadlineExceededError);
  });

  it('reads a response that has arrived before it fails after a blocked event loop', async () => {
    const answer = deferred<string>();
    const wait = watchdog.wait(answer.promise);
    clock.after(1_000, () => {
      setImmediate(() => {
        answer.resolve('there');
      });
    });
    await clock.jump(60_000);
    expect(await wait).toBe('there');
  });

  it('rejects the current wait and all later ones once the signal is aborted', async () => {
    const wait = watchdog.wait(never());
    controller.abort(new Error('enough'));
    await expect(wait).rejects.toThrow('enough');
    await expect(watchdog.wait(never())).rejects.toThrow('enough');
  });

  it('starts no timer for an infinite timeout', async () => {
    watchdog = make(Infinity);
    const answer = deferred<string>();
    const wait = watchdog.wait(answer.promise);
    expect(clock.pending).toBe(0);
    answer.resolve('late');
    expect(await wait).toBe('late');
  });
});
