import { Lanes } from './lanes.js';

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('Lanes', () => {
  it('runs a lane in order, goes on after a failure, and forgets what is done', async () => {
    const lanes = new Lanes();
    const order: string[] = [];
    const results = await Promise.allSettled([
      lanes.run('a', async () => {
        await turn();
        await turn();
        order.push('a1');
        throw new Error('first');
      }),
      lanes.run('a', async () => {
        order.push('a2');
        await turn();
        return 2;
      }),
      lanes.run('b', async () => {
        order.push('b1');
        await turn();
        return 3;
      }),
    ]);
    expect(order).toEqual(['b1', 'a1', 'a2']);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect((lanes as unknown as { tails: Map<string, unknown> }).tails.size).toBe(0);
  });
});
