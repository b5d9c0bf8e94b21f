/** `npm run fuzz`: makes up inputs for every way by which something comes in from outside, and says what went wrong. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { availableParallelism } from 'node:os';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { freshSeed } from '../chaos/random.js';
import { leave, number } from '../harness/command-line.js';
import { type Report, type Surroundings, type Task } from './protocol.js';
import { type Target } from './target.js';
import { TARGETS } from './targets/index.js';

const HELP = `npm run fuzz -- [options]

  --inputs N     inputs in all, shared among the targets; 100000 by default
  --minutes M    begins nothing more after M minutes
  --seed S       seed of the first batch; by default a fresh one, printed
  --only TARGET  this target alone; may be given several times
  --workers W    how many threads; half of the machine by default
  --list         name the targets

What is found goes to .cache/fuzz, made small, with the command that repeats it. Put into test/fuzz/corpus/TARGET it is
tried by npm test from then on.
`;

/** Inputs of one batch, which is what a seed repeats. */
const BATCH = 1_000;
/** Milliseconds in which a thread that is alive has tried at least one more input. */
const HANG = 60_000;
const FINDINGS = fileURLToPath(new URL('../../.cache/fuzz', import.meta.url));

interface Options {
  readonly inputs: number;
  readonly minutes: number;
  readonly seed: number;
  readonly targets: readonly Target[];
  readonly workers: number;
}

function options(): Options {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '100000' },
      minutes: { type: 'string', default: '1e9' },
      seed: { type: 'string' },
      only: { type: 'string', multiple: true },
      workers: { type: 'string', default: String(Math.ceil(availableParallelism() / 2)) },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return leave(HELP);
  if (values.list) return leave(TARGETS.map(({ name, promise }) => `${name}: ${promise}\n`).join(''));
  const unknown = values.only?.find((name) => !TARGETS.some((target) => target.name === name));
  if (unknown !== undefined)
    throw new Error(
      `Expected \`--only\` to be one of ${TARGETS.map(({ name }) => name).join(', ')}, got "${unknown}".`,
    );
  return {
    inputs: number('--inputs', values.inputs),
    minutes: number('--minutes', values.minutes),
    seed: values.seed === undefined ? freshSeed() : number('--seed', values.seed),
    targets: TARGETS.filter(({ name }) => values.only?.includes(name) ?? true),
    workers: Math.max(1, number('--workers', values.workers)),
  };
}

/** The batches of a run, those of the targets mixed so that one that is cut short has tried them all. */
function tasks({ inputs, seed, targets }: Options): readonly Task[] {
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  const lists = targets.map(({ name, share }) => {
    let left = Math.max(1, Math.round((inputs * share) / shares));
    const list: { readonly at: number; readonly task: Task }[] = [];
    const batches = Math.ceil(left / BATCH);
    for (let batch = 0; left > 0; batch++, left -= BATCH)
      list.push({
        at: (batch + 0.5) / batches,
        task: { target: name, seed: (seed + batch) >>> 0, inputs: Math.min(BATCH, left) },
      });
    return list;
  });
  return lists
    .flat()
    .sort((a, b) => a.at - b.at)
    .map(({ task }) => task);
}

function repeat({ target, seed, inputs }: Task): string {
  return `npm run fuzz -- --only ${target} --seed ${seed} --inputs ${inputs}`;
}

/** One batch at a time in a thread of its own, which is ended when it hangs. */
class Bench {
  private worker: Worker;
  private heard = performance.now();

  constructor(private readonly surroundings: Surroundings) {
    this.worker = this.start();
  }

  async run(task: Task): Promise<Report> {
    const tried = new Uint32Array(this.surroundings.counter);
    const before = tried[0]!;
    let last = -1;
    this.heard = performance.now();
    const watching = setInterval(() => {
      if (tried[0] !== last) this.heard = performance.now();
      last = tried[0]!;
      if (performance.now() - this.heard > HANG) void this.worker.terminate();
    }, 1_000);
    try {
      return await new Promise<Report>((resolve) => {
        const failed = (error: string): void => {
          this.worker = this.start();
          resolve({ tried: 0, finding: { input: Buffer.alloc(0), error } });
        };
        this.worker.removeAllListeners();
        this.worker.on('message', (report: Report) => resolve(report));
        this.worker.on('error', (error) => failed(`the thread failed: ${String(error)}`));
        this.worker.on('exit', () =>
          failed(`input ${tried[0]! - before} hung for ${HANG / 1_000} s, or ended the thread`),
        );
        this.worker.postMessage(task);
      });
    } finally {
      clearInterval(watching);
    }
  }

  async stop(): Promise<void> {
    this.worker.removeAllListeners();
    await this.worker.terminate();
  }

  private start(): Worker {
    return new Worker(new URL('worker.ts', import.meta.url), { workerData: this.surroundings });
  }
}

async function keep(task: Task, input: Uint8Array): Promise<string> {
  await mkdir(FINDINGS, { recursive: true });
  const path = join(FINDINGS, `${task.target}-${task.seed}`);
  await writeFile(path, input);
  return path;
}

async function main(): Promise<void> {
  const given = options();
  const { targets, seed, workers, minutes } = given;
  const queue = [...tasks(given)];
  const total = queue.reduce((sum, { inputs }) => sum + inputs, 0);
  console.log(`${total} inputs for ${targets.length} targets, seed ${seed}, ${workers} threads\n`);
  const start = performance.now();
  const done = new Map(targets.map(({ name }) => [name, { tried: 0, spent: 0, findings: 0 }]));
  let reportedAt = start;
  const work = async (): Promise<void> => {
    const bench = new Bench({ counter: new SharedArrayBuffer(4), threads: workers });
    for (;;) {
      const task = performance.now() - start < minutes * 60_000 ? queue.shift() : undefined;
      if (!task) break;
      const began = performance.now();
      const { tried, finding } = await bench.run(task);
      const target = done.get(task.target)!;
      target.tried += tried;
      target.spent += performance.now() - began;
      if (finding) {
        target.findings += 1;
        const path = await keep(task, finding.input);
        console.log(`FOUND ${task.target}: ${finding.error}\n  ${repeat(task)}\n  ${path}\n`);
      }
      if (performance.now() - reportedAt > 60_000) {
        reportedAt = performance.now();
        console.log(`… ${queue.length} batches to go after ${Math.round((reportedAt - start) / 1_000)} s`);
      }
    }
    await bench.stop();
  };
  await Promise.all(Array.from({ length: workers }, work));
  const all = [...done.values()];
  for (const [name, { tried, spent, findings }] of done)
    console.log(
      `${name.padEnd(24)}${String(tried).padStart(9)} inputs${String(Math.round(spent / 1_000)).padStart(7)} s  ${findings === 0 ? 'held' : `${findings} batches failed`}`,
    );
  const tried = all.reduce((sum, target) => sum + target.tried, 0);
  const findings = all.reduce((sum, target) => sum + target.findings, 0);
  console.log(
    `\n${tried} inputs in ${Math.round((performance.now() - start) / 1_000)} s, seed ${seed}: ${findings === 0 ? 'nothing found' : `${findings} batches failed`}`,
  );
  if (findings > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
