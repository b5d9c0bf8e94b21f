import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Row } from '../rows.js';
import { type Effort, type Line } from './line.js';

const PROCESS = fileURLToPath(new URL('../row-process.ts', import.meta.url));
const LOADER = new URL('../../harness/typescript.mjs', import.meta.url).href;

/** Longer than any variant takes on a busy machine; a variant that hangs must not end the run. */
const LIMIT_MS = { quick: 60_000, full: 300_000 } as const;

/** How long to wait for the messages of a process that has ended. */
const GRACE_MS = 500;

/** The result of a row: its lines, and why variants are missing. */
export interface RowResult {
  readonly lines: readonly Line[];
  /** One sentence for each variant that failed. */
  readonly failures: readonly string[];
  /** Duration of the row. */
  readonly seconds: number;
}

/** Measures one variant in a process of its own. Rejects if the process ends without lines or takes too long. */
async function runVariant({ name }: Row, variant: string, effort: Effort): Promise<readonly Line[]> {
  const child = fork(PROCESS, [name, variant, JSON.stringify(effort)], {
    execArgv: ['--expose-gc', '--import', LOADER, '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let lines: readonly Line[] | undefined;
  child.once('message', (message) => (lines = message as readonly Line[]));
  let problem = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    process.stderr.write(chunk);
    problem += chunk;
  });
  const limit = effort.quick ? LIMIT_MS.quick : LIMIT_MS.full;
  const timer = setTimeout(() => {
    problem = `Error: it took more than ${limit / 1_000} s`;
    child.kill('SIGKILL');
  }, limit);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(timer);
  // What the process wrote last may still be in the pipe, which a process that it has started can hold open.
  await Promise.race([once(child, 'close'), sleep(GRACE_MS)]);
  child.stderr?.destroy();
  if (lines) return lines;
  const [reason] = /^[A-Za-z]*Error\b.*$/m.exec(problem) ?? [];
  throw new Error(
    `The variant "${variant}" has no figures: ${reason ?? `its process ended with ${signal ?? code}`}.`,
  );
}

/** Measures all variants of a row, one after the other. A variant that fails is logged and left out. */
export async function runRow(row: Row, effort: Effort): Promise<RowResult> {
  const start = performance.now();
  const lines: Line[] = [];
  const failures: string[] = [];
  for (const variant of effort.quick ? row.quick : row.variants)
    try {
      lines.push(...(await runVariant(row, variant, effort)));
    } catch (error) {
      const { message } = error as Error;
      console.error(message);
      failures.push(message);
      process.exitCode = 1;
    }
  return { lines, failures, seconds: (performance.now() - start) / 1_000 };
}
