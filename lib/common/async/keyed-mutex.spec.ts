import { KeyedMutex } from './keyed-mutex.js';

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('KeyedMutex', () => {
  it('runs the tasks of a key in order, continues after a failure, and frees the key at the end', async () => {
    const mutex = new KeyedMutex();
    const order: string[] = [];
    const results = await Promise.allSettled([
      mutex.run('a', async () => {
        await turn();
        await turn();
        order.push('a1');
        throw new Error('first');
      }),
      mutex.run('a', async () => {
        order.push('a2');
        await turn();
        return 2;
      }),
      mutex.run('b', async () => {
        order.push('b1');
        await turn();
        return 3;
      }),
    ]);
    expect(order).toEqual(['b1', 'a1', 'a2']);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect((mutex as unknown as { tails: Map<string, unknown> }).tails.size).toBe(0);
  });
});
