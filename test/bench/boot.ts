// npm run bench -- --only boot
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from '../../scripts/prepare/build.mjs';
import { median } from './median.js';

const ROUNDS = 9;
const APP = fileURLToPath(new URL('./boot-app.mjs', import.meta.url));

/** Boots one application in a process of its own. Resolves with the milliseconds until it listened. */
async function boot(kind: 'empty' | 'sidekick'): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [APP, kind]);
  const took = Number(stdout);
  if (!(took > 0)) throw new Error(`Expected ${APP} to print milliseconds, got ${JSON.stringify(stdout)}.`);
  return took;
}

/** "250.1 (244.0 to 261.9)": the median with the least and the greatest. */
function shown(values: readonly number[], digits: number): string {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)];
  return `${middle.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}

await build(fileURLToPath(new URL('../..', import.meta.url)));
// The files are in the system's cache from here on.
await boot('empty');
await boot('sidekick');
const floors: number[] = [];
const ours: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  // A machine that warms up or slows down meanwhile favours neither.
  const kinds = round % 2 === 0 ? (['empty', 'sidekick'] as const) : (['sidekick', 'empty'] as const);
  for (const kind of kinds) (kind === 'empty' ? floors : ours).push(await boot(kind));
}
const ratios = ours.map((value, round) => value / floors[round]!);

console.log('| what | empty application ms | with both modules ms | ratio |');
console.log('| --- | --- | --- | --- |');
console.log(
  `| boot, \`memory:\`, one service | ${shown(floors, 0)} | ${shown(ours, 0)} | ${shown(ratios, 2)} |`,
);
