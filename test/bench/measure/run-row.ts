import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Row } from '../rows.js';
import { type Effort, type Line } from './line.js';

const PROCESS = fileURLToPath(new URL('../row-process.ts', import.meta.url));
const LOADER = new URL('../../harness/typescript.mjs', import.meta.url).href;

/** Measures one variant in a process of its own. Rejects if the process ends without lines. */
async function runVariant({ name }: Row, variant: string, effort: Effort): Promise<readonly Line[]> {
  const child = fork(PROCESS, [name, variant, JSON.stringify(effort)], {
    execArgv: ['--expose-gc', '--import', LOADER, '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let lines: readonly Line[] | undefined;
  child.once('message', (message) => (lines = message as readonly Line[]));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (!lines) throw new Error(`The process of "${name}" (${variant}) ended with ${code} and no figures.`);
  return lines;
}

/** Measures all variants of a row, one after the other. A variant that fails is logged and left out. */
export async function runRow(row: Row, effort: Effort): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (const variant of effort.quick ? row.quick : row.variants)
    try {
      lines.push(...(await runVariant(row, variant, effort)));
    } catch (error) {
      console.error(String(error));
      process.exitCode = 1;
    }
  return lines;
}
