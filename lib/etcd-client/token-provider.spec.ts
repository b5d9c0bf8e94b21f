import { TokenProvider } from './token-provider.js';

const never = new AbortController().signal;

function held(): {
  keeper: TokenProvider;
  asked: string[];
  answer: (token: string | undefined) => void;
  fail: (e: Error) => void;
} {
  const asked: string[] = [];
  let settle: { resolve: (token: string | undefined) => void; reject: (e: Error) => void } | undefined;
  const keeper = new TokenProvider(async (endpoint) => {
    asked.push(endpoint);
    return await new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
  });
  return { keeper, asked, answer: (t) => settle?.resolve(t), fail: (e) => settle?.reject(e) };
}

describe('TokenKeeper', () => {
  it('has none where there are no credentials', async () => {
    const keeper = new TokenProvider(undefined);
    expect(await keeper.get('a', never)).toBeUndefined();
    expect(keeper.isCurrent(undefined)).toBe(true);
  });

  it('asks once for however many', async () => {
    const { keeper, asked, answer } = held();
    const all = Promise.all(Array.from({ length: 50 }, async () => await keeper.get('a', never)));
    answer('t1');
    expect(new Set(await all)).toEqual(new Set(['t1']));
    expect(await keeper.get('b', never)).toBe('t1');
    expect(asked).toEqual(['a']);
  });

  it('asks again once the token was refused, and only then', async () => {
    const { keeper, asked, answer } = held();
    const first = keeper.get('a', never);
    answer('t1');
    await first;
    keeper.invalidate('an older one');
    expect(keeper.isCurrent('t1')).toBe(true);
    keeper.invalidate('t1');
    expect(keeper.isCurrent('t1')).toBe(false);
    const second = keeper.get('a', never);
    answer('t2');
    expect(await second).toBe('t2');
    expect(asked).toHaveLength(2);
  });

  it('lets one give up while the others wait on', async () => {
    const { keeper, answer } = held();
    const controller = new AbortController();
    const impatient = keeper.get('a', controller.signal);
    const patient = keeper.get('a', never);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(impatient).rejects.toBe(reason);
    answer('t');
    expect(await patient).toBe('t');
  });

  it('asks again after a failure, which is everybody’s', async () => {
    const { keeper, asked, answer, fail } = held();
    const both = Promise.allSettled([keeper.get('a', never), keeper.get('a', never)]);
    fail(new Error('wrong password'));
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const again = keeper.get('a', never);
    answer('t');
    expect(await again).toBe('t');
    expect(asked).toHaveLength(2);
  });
});
