import { WatchQueue } from './watch-queue.js';

function setUp(): { queue: WatchQueue<string>; returned: () => number } {
  let returns = 0;
  const queue = new WatchQueue<string>(
    (newer, older) => newer === 'alive' && older === 'alive',
    () => (returns += 1),
  );
  return { queue, returned: () => returns };
}

describe('WatchQueue', () => {
  it('delivers the queued records, then new ones', async () => {
    const { queue } = setUp();
    queue.push('a');
    expect(await queue.next()).toEqual({ done: false, value: 'a' });
    const next = queue.next();
    queue.push('b');
    expect(await next).toEqual({ done: false, value: 'b' });
  });

  it('replaces an unread record by a newer one', async () => {
    const { queue } = setUp();
    for (const record of ['alive', 'alive', 'a', 'alive', 'alive']) queue.push(record);
    queue.end();
    const records: string[] = [];
    for await (const record of queue) records.push(record);
    expect(records).toEqual(['alive', 'a', 'alive']);
  });

  it('ends after the queued records, with its error once', async () => {
    const { queue } = setUp();
    queue.push('a');
    queue.end(new Error('refused'));
    queue.push('too late');
    expect(await queue.next()).toEqual({ done: false, value: 'a' });
    await expect(queue.next()).rejects.toThrow('refused');
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('ends for a waiting reader', async () => {
    const well = setUp().queue;
    const done = well.next();
    well.end();
    expect(await done).toEqual({ done: true, value: undefined });
    const ill = setUp().queue;
    const failing = ill.next();
    ill.end(new Error('refused'));
    await expect(failing).rejects.toThrow('refused');
  });

  it('calls `onReturn` when the reader ends the iteration', async () => {
    const { queue, returned } = setUp();
    queue.push('a');
    queue.push('b');
    for await (const record of queue) if (record === 'a') break;
    expect(returned()).toBe(1);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });
});
