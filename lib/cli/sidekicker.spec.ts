import { PassThrough } from 'node:stream';
import { until } from '../../test/harness/wait.js';
import { type KeyItem } from '../registry/item.js';
import { systemClock } from '../kernel/clock.js';
import { silentLogger } from '../kernel/logger.js';
import { registryPool } from '../registry/pool.js';
import { type Registry } from '../registry/registry.js';
import { registrySource } from '../registry/url.js';
import { sidekicker } from './sidekicker.js';

const URL = 'memory:sidekicker-spec';
const NEVER = new AbortController().signal;

describe('sidekicker', () => {
  let registry: Registry;
  let release: () => Promise<void>;
  let interrupt: AbortController;
  let stdin: PassThrough;
  let out: string[];
  let err: string[];

  beforeEach(async () => {
    const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
    ({ registry, release } = await registryPool.acquire(registrySource(URL, {}), deps));
    interrupt = new AbortController();
    stdin = new PassThrough();
    out = [];
    err = [];
  });
  afterEach(() => release());

  const run = (...args: string[]): Promise<number> =>
    sidekicker(args, {
      env: { SIDEKICK_REGISTRY: URL },
      stdin,
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      interrupted: interrupt.signal,
    });

  const value = async (key: string): Promise<string | undefined> => {
    const { entries } = await registry.list({ kind: 'key', key }, NEVER);
    return (entries[0]?.item as KeyItem | undefined)?.value;
  };

  it('keeps the key until it is interrupted and then removes it (the seed left it behind)', async () => {
    const running = run('-key', '/servers/web/1', '-val', 'running');
    await until('the key', async () => (await value('/servers/web/1')) === 'running');
    interrupt.abort();
    expect(await running).toBe(0);
    expect(await value('/servers/web/1')).toBeUndefined();
    expect(err).toEqual([]);
  });

  it('takes the registry by -servers and says what happens when asked to', async () => {
    const running = run('-servers', URL, '--key=k', '-verbose');
    await until('the key', async () => (await value('k')) === '');
    interrupt.abort();
    expect(await running).toBe(0);
    expect(err).toEqual(['alive k', 'stopped k']);
  });

  it('takes each line of standard input as the next value', async () => {
    const running = run('-key', 'k', '-val', '-');
    await until('the key', async () => (await value('k')) === '');
    stdin.write('first\n');
    await until('the first value', async () => (await value('k')) === 'first');
    stdin.write('second\n');
    await until('the second value', async () => (await value('k')) === 'second');
    interrupt.abort();
    expect(await running).toBe(0);
  });

  it('prints its usage', async () => {
    expect(await run('-help')).toBe(0);
    expect(out.join()).toContain('Usage: sidekicker -key KEY');
  });

  it.each<[string, string[], RegExp]>([
    ['no key', [], /Expected `key` to be given/],
    [
      'a TTL that is no number',
      ['-key', 'k', '-ttl', 'ten'],
      /Expected `ttl` to be a number of seconds, got "ten"/,
    ],
    ['a TTL of 1', ['-key', 'k', '-ttl', '1'], /`ttl`.*at least 2, got 1/],
    [
      'an interval of 0 (the seed ignored it)',
      ['-key', 'k', '-update', '0'],
      /interval must be at least 1 second/,
    ],
    ['an unknown flag', ['-key', 'k', '-frequency', '1'], /frequency/],
    ['a stray word', ['-key', 'k', 'word'], /got "word"/],
  ])('exits with 1 and its usage for %s', async (_name, args, sentence) => {
    expect(await run(...args)).toBe(1);
    expect(err.join()).toMatch(sentence);
    expect(err.join()).toContain('Usage: sidekicker');
  });

  it('exits with 1 when the registry is no registry', async () => {
    expect(await run('-key', 'k', '-servers', 'zookeeper://a:2181')).toBe(1);
    expect(err.join()).toMatch(/^sidekicker: Expected `registry`/);
  });

  it('exits with 1 when another holds the key exclusively', async () => {
    const holding = run('-key', 'k', '-val', 'a');
    await until('the key', async () => (await value('k')) === 'a');
    expect(await run('-key', 'k', '-val', 'b', '-exclusive')).toBe(1);
    expect(err.join()).toContain('is held by another live session');
    interrupt.abort();
    expect(await holding).toBe(0);
  });
});
