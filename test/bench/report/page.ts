import { type RowResult } from '../measure/run-row.js';
import { REST } from '../rest.js';
import { type Row } from '../rows.js';
import { isBusy, type Machine } from './machine.js';
import { table } from './table.js';

export interface Measured {
  readonly row: Row;
  /** Undefined for a row that was not part of the run. */
  readonly result: RowResult | undefined;
  /** Names of the row's charts in `docs/benchmarks/`. */
  readonly charts: readonly string[];
}

/** `docs/benchmarks.md`. */
export function page(on: Machine, rounds: number, measured: readonly Measured[]): string {
  const { date, node, processors, model, memoryGB, system, load, memoryReadNs } = on;
  const busy = isBusy(on)
    ? ' **The machine had other work during the run: absolute figures are too high, and only ratios mean something.**'
    : '';
  const parts = measured.map(({ row, result, charts }) =>
    [
      `## ${row.title}`,
      row.meaning,
      ...charts.map((name) => `![${row.title}](benchmarks/${name}.svg)`),
      ...(result && result.lines.length > 0 ? [table(result.lines)] : []),
      ...(result?.failures.map((failure) => `**Failed.** ${failure}`) ?? ['Not measured in this run.']),
      ...(REST[row.name] === undefined ? [] : [REST[row.name]!]),
    ].join('\n\n'),
  );
  return [
    '# Benchmarks',
    `<!-- Written by \`npm run bench\`. -->`,
    `Measured on ${date} with Node.js ${node} on ${processors} processors (${model}), ${memoryGB} GB, ${system}. Load average at the start: ${load.toFixed(1)}; a read of main memory took ${Math.round(memoryReadNs)} ns.${busy}`,
    `Each figure is the median of ${rounds} rounds, with minimum and maximum; calls and requests are measured in many rounds of a quarter of a second. In every round, ours and the floor or peer are measured next to each other in changing order, and a ratio is the median of the ratios of the rounds. The floor is the least that the same work costs without this library. Beside a floor, the ratio is ours divided by the floor; beside another library, it is the other library divided by ours.`,
    '`npm run bench` measures everything again and writes this page. `--only ROW` measures one row (`--page` writes the page nevertheless), `--quick` measures fewer variants in at most three rounds, `--json FILE` writes all values, and `--list` prints the rows.',
    ...parts,
    '',
  ].join('\n\n');
}
