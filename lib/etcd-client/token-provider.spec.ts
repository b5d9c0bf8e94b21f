import { TokenProvider } from './token-provider.js';

const never = new AbortController().signal;

function setUp(): {
  provider: TokenProvider;
  asked: string[];
  answer: (token: string | undefined) => void;
  fail: (e: Error) => void;
} {
  const asked: string[] = [];
  let settle: { resolve: (token: string | undefined) => void; reject: (e: Error) => void } | undefined;
  const provider = new TokenProvider(async (endpoint) => {
    asked.push(endpoint);
    return await new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
  });
  return { provider, asked, answer: (t) => settle?.resolve(t), fail: (e) => settle?.reject(e) };
}

describe('TokenProvider', () => {
  it('has no token without credentials', async () => {
    const provider = new TokenProvider(undefined);
    expect(await provider.get('a', never)).toBeUndefined();
    expect(provider.isCurrent(undefined)).toBe(true);
  });

  it('shares one login among all callers', async () => {
    const { provider, asked, answer } = setUp();
    const all = Promise.all(Array.from({ length: 50 }, async () => await provider.get('a', never)));
    answer('t1');
    expect(new Set(await all)).toEqual(new Set(['t1']));
    expect(await provider.get('b', never)).toBe('t1');
    expect(asked).toEqual(['a']);
  });

  it('logs in again only after the current token was invalidated', async () => {
    const { provider, asked, answer } = setUp();
    const first = provider.get('a', never);
    answer('t1');
    await first;
    provider.invalidate('an older token');
    expect(provider.isCurrent('t1')).toBe(true);
    provider.invalidate('t1');
    expect(provider.isCurrent('t1')).toBe(false);
    const second = provider.get('a', never);
    answer('t2');
    expect(await second).toBe('t2');
    expect(asked).toHaveLength(2);
  });

  it('ends the wait of an aborted caller only', async () => {
    const { provider, answer } = setUp();
    const controller = new AbortController();
    const impatient = provider.get('a', controller.signal);
    const patient = provider.get('a', never);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(impatient).rejects.toBe(reason);
    answer('t');
    expect(await patient).toBe('t');
  });

  it('rejects every caller when a login fails, and logs in again for the next', async () => {
    const { provider, asked, answer, fail } = setUp();
    const both = Promise.allSettled([provider.get('a', never), provider.get('a', never)]);
    fail(new Error('wrong password'));
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const again = provider.get('a', never);
    answer('t');
    expect(await again).toBe('t');
    expect(asked).toHaveLength(2);
  });
});
