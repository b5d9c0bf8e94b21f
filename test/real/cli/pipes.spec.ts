import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { openFileRegistry } from '../../../lib/registries/file/file-registry.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { type KeyRecord } from '../../../lib/registry/entry-record.js';
import { type Registry } from '../../../lib/registry/registry.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { until } from '../../harness/wait.js';
import { Program } from './program.js';

const NEVER = new AbortController().signal;

describe('The programs and what reads their output', () => {
  let folder: string;
  let registry: Registry;
  let program: Program | undefined;

  beforeEach(async () => {
    folder = await tempFolder('pipes');
    const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
    registry = await openFileRegistry(`file:${folder}`, folder, deps);
  });
  afterEach(async () => {
    await program?.kill();
    program = undefined;
    await registry.close();
    await removeFolder(folder);
  });

  function start(name: 'piloted' | 'sidekicker', args: readonly string[], stdio?: StdioOptions): Program {
    program = Program.start(name, args, { SIDEKICK_REGISTRY: `file:${folder}` }, stdio);
    return program;
  }

  async function announce(...ids: readonly string[]): Promise<void> {
    const session = await registry.openSession({ ttl: 600 }, NEVER);
    for (const [i, id] of ids.entries()) {
      const instance = completeInstance({ service: 'web', id, address: '10.0.0.1', port: 80 + i });
      await session.write({ kind: 'instance', instance }, undefined, NEVER);
    }
  }

  const value = async (): Promise<string | undefined> => {
    const { entries } = await registry.list({ kind: 'key', key: 'k' }, NEVER);
    return (entries[0]?.record as KeyRecord | undefined)?.value;
  };

  it('sidekicker keeps its key when the reader of its log ends, and removes it at the end', async () => {
    const sidekicker = start('sidekicker', ['-key', 'k', '-val', 'v', '-verbose']);
    await until('the first event', () => sidekicker.err.includes('alive k'));
    sidekicker.child.stderr?.destroy();

    const thief = await registry.openSession({ ttl: 600 }, NEVER);
    const { entries } = await registry.list({ kind: 'key', key: 'k' }, NEVER);
    await thief.write({ kind: 'key', key: 'k', value: 'other' }, entries[0]!.version, NEVER);
    await thief.end(NEVER);
    await until('the key to be put back', async () => (await value()) === 'v');

    sidekicker.child.kill('SIGTERM');
    expect(await sidekicker.ended()).toBe(0);
    expect(await value()).toBeUndefined();
  });

  it('piloted watch ends with 0 and without a word when its reader ends', async () => {
    await announce('one');
    const piloted = start('piloted', ['watch', 'web']);
    await until('the first line', () => piloted.out.includes('\tone'));
    piloted.child.stdout?.destroy();
    await announce('two');
    expect(await piloted.ended()).toBe(0);
    expect(piloted.err).toBe('');
  });

  it('piloted watch ends as soon as its reader does, without a further line', async () => {
    await announce('one');
    // A pipe of the shell: those of Node are sockets.
    const shell = spawn('sh', ['-c', `${Program.line('piloted', ['watch', 'web'])} | head -n 1`], {
      env: { ...process.env, SIDEKICK_REGISTRY: `file:${folder}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
    const [code] = (await once(shell, 'close', { signal: AbortSignal.timeout(150_000) })) as [number];
    expect(code).toBe(0);
    expect(said).toBe('web\t10.0.0.1:80\tone\n');
  });

  it('piloted ls ends with 0 and without a word when its reader ends before it', async () => {
    await announce('one', 'two');
    const piloted = start('piloted', ['ls', 'web']);
    piloted.child.stdout?.destroy();
    expect(await piloted.ended()).toBe(0);
    expect(piloted.err).toBe('');
  });

  it('piloted render ends with 0 when its reader ends before it', async () => {
    const piloted = start('piloted', ['render', '{}']);
    piloted.child.stdout?.destroy();
    expect(await piloted.ended()).toBe(0);
    expect(piloted.err).toBe('');
  });

  it('piloted get --json is whole through a slow pipe', async () => {
    const session = await registry.openSession({ ttl: 600 }, NEVER);
    for (let i = 0; i < 20; i += 1)
      await session.write({ kind: 'key', key: `k${i}`, value: 'é\u001b'.repeat(15_000) }, undefined, NEVER);
    const piloted = start('piloted', ['keys', '--values', '--json']);
    // Nothing is read until the program has had time to fill the pipe, and then a little at a time.
    const { stdout } = piloted.child;
    stdout?.pause();
    stdout?.on('data', () => {
      stdout.pause();
      setTimeout(() => stdout.resume(), 2);
    });
    setTimeout(() => stdout?.resume(), 500);
    expect(await piloted.ended()).toBe(0);
    await until('the end of the output', () => stdout?.readableEnded === true);
    const lines = piloted.out.trimEnd().split('\n');
    expect(lines).toHaveLength(20);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ value: 'é\u001b'.repeat(15_000) });
    expect(piloted.out.length).toBeGreaterThan(1_000_000);
  });

  it('piloted ls ends with 1 and a sentence when its output cannot be written', async () => {
    await announce('one');
    const full = openSync('/dev/full', 'w');
    try {
      const piloted = start('piloted', ['ls', 'web'], ['ignore', full, 'pipe']);
      expect(await piloted.ended()).toBe(1);
      expect(piloted.err).toMatch(/^Cannot write to standard output: .*ENOSPC.*\n$/);
    } finally {
      closeSync(full);
    }
  });
});
