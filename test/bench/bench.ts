// npm run bench -- [--only ROW] [--quick] [--page] [--json FILE] [--list] [--simulate [--measure]]
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { buildLibrary } from '../../scripts/prepare/build.mjs';
import { runRow } from './measure/run-row.js';
import { chartsOf, drawn } from './report/charts.js';
import { memoryReadNs } from './measure/memory-read.js';
import { machine } from './report/machine.js';
import { type Measured, page } from './report/page.js';
import { table } from './report/table.js';
import { ROWS } from './rows.js';
import { tables } from './simulation/tables.js';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));

/** A mistake in the command line; its message is all that its author needs. */
class UsageError extends Error {}

function readOptions() {
  try {
    return parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        quick: { type: 'boolean', default: false },
        page: { type: 'boolean', default: false },
        json: { type: 'string' },
        list: { type: 'boolean', default: false },
        simulate: { type: 'boolean', default: false },
        measure: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(
      `${(error as Error).message.replace(/\.?$/, '.')} The options are --only ROW, --quick, --page, --json FILE, --list, --simulate and --measure.`,
      { cause: error },
    );
  }
}

type Options = ReturnType<typeof readOptions>;

function check({ only, measure, simulate }: Options): void {
  const unknown = only?.find((name) => !ROWS.some((row) => row.name === name));
  if (unknown !== undefined)
    throw new UsageError(
      `Expected --only to be one of ${ROWS.map(({ name }) => name).join(', ')}, got "${unknown}".`,
    );
  if (measure && !simulate)
    throw new UsageError(
      '--measure measures the costs of --simulate; set both. Rows are measured without it.',
    );
}

/** Before the measurements, which would be lost with the file that cannot be written. */
async function prepareFile(path: string): Promise<void> {
  await writeFile(path, '', { flag: 'a' }).catch((error: unknown) => {
    throw new UsageError(
      `Expected --json to be a file that can be written, got "${path}": ${(error as Error).message}`,
      { cause: error },
    );
  });
}

async function run(options: Options): Promise<void> {
  const start = performance.now();
  if (options.json !== undefined) await prepareFile(options.json);
  const effort = { quick: options.quick, rounds: options.quick ? 3 : 5 };
  const on = { ...machine(), memoryReadNs: memoryReadNs() };
  const measured: Measured[] = [];
  const chosen = ROWS.filter(({ name }) => options.only?.includes(name) ?? true);
  // A failure of the build fails only the rows that need it.
  if (chosen.some(({ built }) => built))
    await buildLibrary(fileURLToPath(new URL('../..', import.meta.url))).catch((error: unknown) => {
      console.error(`The package could not be built: ${String(error)}`);
    });
  for (const row of ROWS) {
    if (!chosen.includes(row)) {
      measured.push({ row, result: undefined, charts: [] });
      continue;
    }
    console.log(`\n${row.title} (${row.name})\n`);
    const result = await runRow(row, effort);
    if (result.lines.length > 0) console.log(table(result.lines));
    console.log(`\n${row.name} took ${result.seconds.toFixed(0)} s.`);
    measured.push({ row, result, charts: Object.keys(chartsOf(row.name, result.lines)) });
    if (options.json !== undefined)
      await writeFile(options.json, `${JSON.stringify({ machine: on, effort, measured }, null, 2)}\n`);
  }
  const seconds = measured.flatMap(({ row, result }) =>
    result ? [`${row.name} ${result.seconds.toFixed(0)}`] : [],
  );
  console.log(
    `\nAll took ${((performance.now() - start) / 1_000).toFixed(0)} s; seconds of each row: ${seconds.join(', ')}.`,
  );
  // A page of some rows, or of few rounds, would replace better figures unless it is asked for.
  if ((options.only || options.quick) && !options.page) return;
  await mkdir(`${DOCS}/benchmarks`, { recursive: true });
  for (const { row, result } of measured)
    for (const [name, chart] of Object.entries(chartsOf(row.name, result?.lines ?? [])))
      await writeFile(`${DOCS}/benchmarks/${name}.svg`, drawn(chart));
  const file = `${DOCS}/benchmarks.md`;
  const style = (await resolveConfig(file)) ?? {};
  await writeFile(file, await format(page(on, effort.rounds, measured), { ...style, parser: 'markdown' }));
  console.log(`\nWrote ${file}.`);
}

try {
  const options = readOptions();
  check(options);
  // One write, so that a pipe that is closed after the first line is no error.
  if (options.list) console.log(ROWS.map(({ name, title }) => `${name.padEnd(12)} ${title}`).join('\n'));
  else if (options.simulate) {
    if (options.measure) {
      const { measureUnitCosts } = await import('./simulation/measure-unit-costs.js');
      console.log(`${JSON.stringify(await measureUnitCosts(), null, 2)}\n`);
    }
    console.log(tables());
  } else await run(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
