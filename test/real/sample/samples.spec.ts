import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { shell } from '../../../scripts/compatibility/shell.mjs';
import { until } from '../../harness/wait.js';
import { root } from '../packaging/tarball.js';
import { SampleProcess } from './sample-process.js';

/** Milliseconds for a sample to show what it shows. */
const PATIENCE = 120_000;

/** The address of an instance in an answer. */
const NEXT = /"next":"127\.0\.0\.1:(\d+)"/g;

/** What the output of each sample must match, and how many instances its answers name as the next one. */
const SAMPLES: readonly [string, readonly RegExp[], number][] = [
  ['01-quick-start', [/"known":2/], 2],
  ['02-etcd-cluster', [/SIDEKICK_REGISTRY=etcd:/, /"known":2/, /etcd-2 was killed/, /"known":3/], 3],
  [
    '03-consul',
    [/SIDEKICK_REGISTRY=consul:/, /v1\/health\/service\/web\?passing\n( {2}\S+ on port \d+\n){2}/],
    2,
  ],
  [
    '04-containerpilot',
    [/"stock":\[\]/, /"stock":\["127\.0\.0\.1:\d+"\]/, /watch\.stock: changed, healthy/],
    0,
  ],
  ['08-fastify', [], 2],
  ['09-monorepo', [/"order":"17","total":42/], 0],
  ['10-own-driver', [], 2],
];

describe('The samples', () => {
  let sample: SampleProcess | undefined;
  const start = async (name: string): Promise<SampleProcess> => {
    sample = await SampleProcess.launch({ command: [process.execPath, 'scripts/sample.mjs', name] });
    return sample;
  };
  /** Waits for output that matches. */
  const said = async (what: RegExp): Promise<void> => {
    await until('the output', () => sample?.over === true || sample?.says(what), {
      deadline: PATIENCE,
    }).catch(() => undefined);
    if (sample?.says(what) !== true)
      throw new Error(`No output matches ${String(what)}:\n${sample?.output ?? ''}`);
  };
  const ended = async (): Promise<void> => {
    sample?.interrupt();
    expect(await sample?.exit()).toBe(0);
    await sample?.gone();
    expect(await sample?.leftovers()).toEqual([]);
  };
  afterEach(async () => {
    await sample?.dispose();
    sample = undefined;
  });

  it('are listed, each with its command', async () => {
    const folders = (await readdir(join(root, 'sample'))).filter((name) => /^\d\d-/.test(name)).sort();
    const listed = await shell(process.execPath, ['scripts/sample.mjs'], { cwd: root });
    for (const folder of folders) expect(listed).toContain(`  ${folder}\n`);
    expect(folders.map((name) => name.slice(0, 2))).toEqual(
      Array.from({ length: 11 }, (_, index) => String(index + 1).padStart(2, '0')),
    );
  });

  it.each(SAMPLES)(
    '%s shows what it is about, and ends on Ctrl-C',
    async (name, lines, instances) => {
      await start(name);
      await said(/^Open http/m);
      for (const line of lines) await said(line);
      const next = new Set([...sample!.output.matchAll(NEXT)].map(([, port]) => port));
      expect(next.size).toBe(instances);
      await ended();
    },
    2 * PATIENCE,
  );

  it(
    '06-cron-once runs a job in one of three processes, and in another one when that ends',
    async () => {
      await start('cron-once');
      const running = async (not = ''): Promise<string> => {
        const reports = (): string[] =>
          [...sample!.output.matchAll(/^\[(worker-\d)\] +report of/gm)].map(([, name]) => name!);
        await until('two reports', () => reports().filter((name) => name !== not).length >= 2, {
          deadline: PATIENCE,
        });
        return reports().at(-1)!;
      };
      const first = await running();
      await said(new RegExp(`${first}: \\d+`));
      process.kill(Number(new RegExp(`${first}: (\\d+)`).exec(sample!.output)![1]), 'SIGTERM');
      expect(await running(first)).not.toBe(first);
      await ended();
    },
    3 * PATIENCE,
  );

  it(
    '07-rolling-deploy fails no request',
    async () => {
      await start('07');
      await said(/^Open http/m);
      const counts = [...sample!.output.matchAll(/"answers":(\{.*?\}),"failed":(\d+)/g)];
      expect(counts.map(([, , failed]) => failed)).toEqual(['0', '0']);
      const answers = JSON.parse(counts[1]![1]!) as Record<string, number>;
      expect(Object.keys(answers).sort()).toEqual(['v1', 'v2']);
      await ended();
    },
    2 * PATIENCE,
  );

  it(
    '10-own-driver passes the contract suite of drivers',
    async () => {
      const said = await shell(process.execPath, ['sample/dist/10-own-driver/contract.js'], { cwd: root });
      const [, passed, all] = /(\d+) of (\d+) cases passed/.exec(said)!;
      expect(passed).toBe(all);
      expect(Number(all)).toBeGreaterThan(40);
    },
    3 * PATIENCE,
  );
});
