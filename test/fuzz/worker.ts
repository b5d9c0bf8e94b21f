/** One thread of a run: tries the batches it is sent, one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Report, type Surroundings, type Task } from './protocol.js';
import { computing } from './judge.js';
import { progress } from './target.js';
import { TARGETS } from './targets/index.js';

const port = parentPort!;
const { counter: shared, threads } = workerData as Surroundings;
const counter = new Uint32Array(shared);
computing.threads = threads;
let rejected: unknown;

// Shows the parent that this thread makes progress.
progress.count = () => {
  counter[0] = counter[0]! + 1;
};

process.on('unhandledRejection', (reason) => {
  rejected ??= reason;
});

function messageOf(error: unknown): string {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, 4_000);
}

async function run({ target: name, seed, inputs }: Task): Promise<Report> {
  const target = TARGETS.find((one) => one.name === name)!;
  rejected = undefined;
  const finding = await target
    .fuzz({ inputs, seed })
    .catch((error: unknown) => ({ input: Buffer.alloc(0), error }));
  // An unhandled rejection is reported one turn later.
  await new Promise((resolve) => setImmediate(resolve));
  const report = { tried: inputs };
  if (finding) return { ...report, finding: { input: finding.input, error: messageOf(finding.error) } };
  if (rejected === undefined) return { ...report, finding: undefined };
  return {
    ...report,
    finding: { input: Buffer.alloc(0), error: `unhandled rejection: ${messageOf(rejected)}` },
  };
}

port.on('message', (task: Task) => {
  void run(task).then((report) => port.postMessage(report));
});
