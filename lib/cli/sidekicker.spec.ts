import { type PassThrough } from 'node:stream';
import { type RecordedTerminal, recordedTerminal } from '../../test/harness/terminal.js';
import { until } from '../../test/harness/wait.js';
import { type KeyRecord } from '../registry/entry-record.js';
import { systemClock } from '../common/clock.js';
import { silentLogger } from '../common/logger.js';
import { registryPool } from '../registry/registry-pool.js';
import { type Registry } from '../registry/registry.js';
import { registrySource } from '../registries/registry-url.js';
import { sidekicker } from './sidekicker.js';

const URL = 'memory:sidekicker-spec';
const NEVER = new AbortController().signal;

describe('sidekicker', () => {
  let registry: Registry;
  let release: () => Promise<void>;
  let terminal: RecordedTerminal;
  let stdin: PassThrough;
  let out: string[];
  let err: string[];

  beforeEach(async () => {
    const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
    ({ registry, release } = await registryPool.acquire(registrySource(URL, {}), deps));
    terminal = recordedTerminal({ env: { SIDEKICK_REGISTRY: URL } });
    ({ stdin, outLines: out, errLines: err } = terminal);
  });
  afterEach(() => release());

  const run = (...args: string[]): Promise<number> => sidekicker(args, terminal);

  const value = async (key: string): Promise<string | undefined> => {
    const { entries } = await registry.list({ kind: 'key', key }, NEVER);
    return (entries[0]?.record as KeyRecord | undefined)?.value;
  };

  it('keeps the key until interrupted and then removes it (Go sidekicker left it behind)', async () => {
    const running = run('-key', '/servers/web/1', '-val', 'running');
    await until('the key', async () => (await value('/servers/web/1')) === 'running');
    terminal.interrupt();
    expect(await running).toBe(0);
    expect(await value('/servers/web/1')).toBeUndefined();
    expect(err).toEqual([]);
  });

  it('opens the registry of -servers, and prints events with -verbose', async () => {
    const running = run('-servers', URL, '--key=k', '-verbose');
    await until('the key', async () => (await value('k')) === '');
    terminal.interrupt();
    expect(await running).toBe(0);
    expect(err).toEqual(['alive k', 'stopped k']);
  });

  it('writes each line of standard input as the next value', async () => {
    const running = run('-key', 'k', '-val', '-');
    await until('the key', async () => (await value('k')) === '');
    stdin.write('first\n');
    await until('the first value', async () => (await value('k')) === 'first');
    stdin.write('second\n');
    await until('the second value', async () => (await value('k')) === 'second');
    terminal.interrupt();
    expect(await running).toBe(0);
  });

  it('writes lines that arrive before the first write', async () => {
    stdin.write('too early\n');
    stdin.end('running');
    const running = run('-key', 'k', '-val', '-', '-hold');
    await until('the newest value', async () => (await value('k')) === 'running');
    terminal.interrupt();
    expect(await running).toBe(0);
    expect(await value('k')).toBeUndefined();
    expect(err).toEqual([]);
  });

  it('deregisters at the end of its input, after the last line was written', async () => {
    const written: string[] = [];
    const abort = new AbortController();
    const { cursor } = await registry.list({ kind: 'key', key: 'k' }, NEVER);
    const watching = (async () => {
      for await (const batch of registry.watch({ kind: 'key', key: 'k' }, cursor, abort.signal)) {
        if (batch.kind !== 'changes') continue;
        for (const change of batch.changes)
          written.push(change.kind === 'put' ? (change.entry.record as KeyRecord).value : change.kind);
      }
    })();
    stdin.end('running\n');
    expect(await run('-key', 'k', '-val', '-')).toBe(0);
    expect(await value('k')).toBeUndefined();
    await until('the events', () => written.at(-1) === 'delete');
    expect(written.at(-2)).toBe('running');
    abort.abort();
    await watching.catch(() => undefined);
    expect(err).toEqual([]);
  });

  it('ends when its input ends while a value is registered', async () => {
    const running = run('-key', 'k', '-val', '-', '-verbose');
    stdin.write('first\n');
    await until('the first value', async () => (await value('k')) === 'first');
    stdin.end();
    expect(await running).toBe(0);
    expect(await value('k')).toBeUndefined();
    expect(err).toEqual(['alive k', 'standard input has ended', 'stopped k']);
  });

  it('keeps the last value after the end of its input with -hold', async () => {
    const running = run('-key', 'k', '-val', '-', '-hold', '-verbose');
    stdin.end('first\nlast\n');
    await until('the end of the input', () => err.includes('standard input has ended'));
    await until('the last value', async () => (await value('k')) === 'last');
    terminal.interrupt();
    expect(await running).toBe(0);
  });

  it('skips a line that is not a valid value, and reports it', async () => {
    const running = run('-key', 'k', '-val', '-');
    stdin.write('good\n');
    await until('the value', async () => (await value('k')) === 'good');
    stdin.write(`${'x'.repeat(65_537)}\n`);
    await until('the complaint', () => err.length > 0);
    expect(err[0]).toMatch(/^sidekicker: Skipped a line .*at most 65536 bytes.*65537/);
    expect(await value('k')).toBe('good');
    terminal.interrupt();
    expect(await running).toBe(0);
  });

  it('exits with 1 and removes the key when its input cannot be read', async () => {
    const running = run('-key', 'k', '-val', '-');
    await until('the key', async () => (await value('k')) === '');
    stdin.destroy(new Error('EISDIR: illegal operation on a directory, read'));
    expect(await running).toBe(1);
    expect(await value('k')).toBeUndefined();
    expect(err).toEqual([
      'sidekicker: Cannot read values from standard input: EISDIR: illegal operation on a directory, read.',
    ]);
  });

  it('prints its usage', async () => {
    expect(await run('-help')).toBe(0);
    expect(out.join()).toContain('Usage: sidekicker [OPTIONS] -key KEY');
  });

  it.each<[string, string[], RegExp]>([
    ['no key', [], /Expected `key` to be given/],
    [
      'a TTL that is no number',
      ['-key', 'k', '-ttl', 'ten'],
      /Expected `ttl` to be a number of seconds, got "ten"/,
    ],
    ['a TTL of 1', ['-key', 'k', '-ttl', '1'], /`ttl`.*from 2 to 2000000, got 1/],
    [
      'an interval of 0 (Go sidekicker ignored it)',
      ['-key', 'k', '-update', '0'],
      /interval must be at least 1 second/,
    ],
    ['an unknown flag', ['-key', 'k', '-frequency', '1'], /frequency/],
    ['a stray word', ['-key', 'k', 'word'], /got "word"/],
    ['-hold without standard input', ['-key', 'k', '-val', 'v', '-hold'], /Expected `hold`.*`-val -`/],
  ])('exits with 2 and its usage for %s', async (_name, args, sentence) => {
    expect(await run(...args)).toBe(2);
    expect(err.join()).toMatch(sentence);
    expect(err.join()).toContain('Usage: sidekicker');
  });

  it('exits with 2 for an unknown registry scheme', async () => {
    expect(await run('-key', 'k', '-servers', 'zookeeper://a:2181')).toBe(2);
    expect(err.join()).toMatch(/^sidekicker: Expected `registry`/);
  });

  it('exits with 1 with -exclusive when another session owns the key', async () => {
    const holding = run('-key', 'k', '-val', 'a');
    await until('the key', async () => (await value('k')) === 'a');
    expect(await run('-key', 'k', '-val', 'b', '-exclusive')).toBe(1);
    expect(err.join()).toContain('is held by another live session');
    terminal.interrupt();
    expect(await holding).toBe(0);
  });
});
