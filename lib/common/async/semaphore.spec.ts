import { deferred } from './deferred.js';
import { forEachLimited, Semaphore } from './semaphore.js';

describe('Semaphore', () => {
  it('runs at most `limit` tasks at a time, in the order of the calls', async () => {
    const semaphore = new Semaphore(2);
    const tasks = Array.from({ length: 4 }, () => deferred<void>());
    const started: number[] = [];
    const runs = tasks.map((task, i) =>
      semaphore.run(async () => {
        started.push(i);
        await task.promise;
      }),
    );
    await Promise.resolve();
    expect(started).toEqual([0, 1]);
    expect(semaphore.waiting).toBe(2);
    tasks[1]!.resolve();
    await runs[1];
    expect(started).toEqual([0, 1, 2]);
    tasks[0]!.resolve();
    tasks[2]!.resolve();
    tasks[3]!.resolve();
    await Promise.all(runs);
    expect(started).toEqual([0, 1, 2, 3]);
    expect(semaphore.waiting).toBe(0);
  });

  it('releases the permit after a rejection and after a synchronous throw', async () => {
    const semaphore = new Semaphore(1);
    await expect(
      semaphore.run(() => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    await expect(semaphore.run(() => Promise.reject(new Error('later')))).rejects.toThrow('later');
    await expect(semaphore.run(() => Promise.resolve(3))).resolves.toBe(3);
  });

  it('stops waiting for a permit when the signal is aborted', async () => {
    const semaphore = new Semaphore(1);
    const first = deferred<void>();
    const running = semaphore.run(() => first.promise);
    const controller = new AbortController();
    let ran = false;
    const waiting = semaphore.run(() => {
      ran = true;
      return Promise.resolve();
    }, controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    first.resolve();
    await running;
    await expect(semaphore.run(() => Promise.resolve('free'))).resolves.toBe('free');
    expect(ran).toBe(false);
  });

  it('releases the permit of an aborted task only once the task has settled', async () => {
    const semaphore = new Semaphore(1);
    const task = deferred<void>();
    const controller = new AbortController();
    const aborted = semaphore.run(() => task.promise, controller.signal);
    await Promise.resolve();
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const next = semaphore.run(() => Promise.resolve('next'));
    expect(semaphore.waiting).toBe(1);
    task.resolve();
    await expect(next).resolves.toBe('next');
  });

  it('does not start with an aborted signal', async () => {
    const run = new Semaphore(1).run(() => Promise.resolve(), AbortSignal.abort(new Error('before')));
    await expect(run).rejects.toThrow('before');
  });
});

describe('forEachLimited', () => {
  it('runs the task for every value, at most `limit` at a time', async () => {
    let running = 0;
    let most = 0;
    const seen: number[] = [];
    await forEachLimited([1, 2, 3, 4, 5], 2, async (value) => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      seen.push(value);
      running -= 1;
    });
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  it('starts no further task after a failure, and throws the first one', async () => {
    const seen: number[] = [];
    const run = forEachLimited([1, 2, 3, 4], 2, async (value) => {
      seen.push(value);
      await Promise.resolve();
      throw new Error(`of ${value}`);
    });
    await expect(run).rejects.toThrow('of 1');
    expect(seen).toEqual([1, 2]);
  });
});
