import { spawnSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { openFileRegistry } from '../../../lib/registries/file/file-registry.js';
import { type KeyRecord } from '../../../lib/registry/entry-record.js';
import { type Registry } from '../../../lib/registry/registry.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { until } from '../../harness/wait.js';
import { Program } from './program.js';

const NEVER = new AbortController().signal;

/** Prints each signal that it receives, and ends with 7 on SIGTERM. */
const CHILD = `
for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP'])
  process.on(signal, () => console.log(signal));
process.on('SIGTERM', () => { console.log('SIGTERM'); process.exitCode = 7; clearInterval(timer); });
const timer = setInterval(() => {}, 1000);
console.log('started', ...process.argv.slice(1));
`;

describe('sidekicker -- command', () => {
  let folder: string;
  let registry: Registry;
  let program: Program | undefined;

  beforeEach(async () => {
    folder = await tempFolder('child');
    const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
    registry = await openFileRegistry(`file:${folder}`, folder, deps);
  });
  afterEach(async () => {
    await program?.kill();
    program = undefined;
    await registry.close();
    await removeFolder(folder);
  });

  function start(...command: readonly string[]): Program {
    program = Program.start('sidekicker', ['-key', 'k', '-val', '-1', '--', ...command], {
      SIDEKICK_REGISTRY: `file:${folder}`,
    });
    return program;
  }

  const value = async (): Promise<string | undefined> => {
    const { entries } = await registry.list({ kind: 'key', key: 'k' }, NEVER);
    return (entries[0]?.record as KeyRecord | undefined)?.value;
  };

  it('keeps the key while the command runs, passes each signal on once, and exits with its code', async () => {
    const running = start(process.execPath, '-e', CHILD, '--', '-rn', '--key=other');
    await until('the start', () => running.out.includes('started -rn --key=other\n'));
    expect(await value()).toBe('-1');
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP'] as const) {
      running.child.kill(signal);
      await until(signal, () => running.out.includes(`${signal}\n`));
    }
    expect(await value()).toBe('-1');
    running.child.kill('SIGTERM');
    expect(await running.ended()).toBe(7);
    expect(running.out.split('\n').slice(1)).toEqual(['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTERM', '']);
    expect(await value()).toBeUndefined();
    expect(running.err).toBe('');
  });

  it('exits with 128 + n when a signal ends the command', async () => {
    const running = start(process.execPath, '-e', 'process.kill(process.pid, "SIGKILL")');
    expect(await running.ended()).toBe(137);
    expect(await value()).toBeUndefined();
  });

  it('exits with 127 or 126 when the command cannot be run', async () => {
    expect(await start('/nowhere/program').ended()).toBe(127);
    expect(program?.err).toBe('sidekicker: Cannot run "/nowhere/program": it does not exist.\n');
    const file = join(folder, 'plain');
    await writeFile(file, '');
    await chmod(file, 0o600);
    expect(await start(file).ended()).toBe(126);
    expect(await value()).toBeUndefined();
  });

  it('does not run the command when the key cannot be registered', async () => {
    const running = Program.start(
      'sidekicker',
      ['-key', 'k', '-servers', 'fixed:web=10.0.0.1:80', '--', process.execPath, '-e', 'console.log(1)'],
      {},
    );
    expect(await running.ended()).toBe(1);
    expect(running.out).toBe('');
    expect(running.err).toContain('is read-only');
  });

  // script(1) of util-linux gives the programs a terminal, whose keys signal the whole foreground group.
  const scripted = spawnSync('script', ['--version']).status === 0 ? it : it.skip;
  scripted('receives Ctrl-C of a terminal once', async () => {
    const child = `let n = 0; process.on('SIGINT', () => { n += 1; setTimeout(() => { console.log('count ' + n); process.exit(0) }, 300) }); console.log('started'); setInterval(() => {}, 1000)`;
    const file = join(folder, 'child.cjs');
    await writeFile(file, child);
    const running = Program.start(
      'sidekicker',
      ['-key', 'k', '--', process.execPath, file],
      { SIDEKICK_REGISTRY: `file:${folder}` },
      'pipe',
      'terminal',
    );
    program = running;
    await until('the start', () => running.out.includes('started'));
    running.child.stdin?.write('\u0003');
    await until('the count', () => running.out.includes('count'));
    expect(running.out).toContain('count 1');
    expect(await running.ended()).toBe(0);
  });
});
