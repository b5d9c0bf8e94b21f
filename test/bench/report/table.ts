import { type Goal, type Line } from '../measure/line.js';
import { compared, median, reaches } from '../measure/statistics.js';

const HEADER = ['what', 'unit', 'ours', 'floor or peer', 'ratio', 'goal', 'reached', 'notes'];

/** Three significant digits. */
function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return Number(value.toPrecision(3)).toString();
}

/** `12.1 (11.8 to 12.9)`: the median with minimum and maximum. */
function spread(values: readonly number[]): string {
  if (values.length === 0) return 'missing';
  if (values.length === 1) return short(values[0]!);
  return `${short(median(values))} (${short(Math.min(...values))} to ${short(Math.max(...values))})`;
}

function goalOf({ of, atMost, atLeast }: Goal): string {
  const limit = atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`;
  if (of === 'ratio' || of === 'peer') return `${limit}×`;
  return of === 'difference' ? `${limit} more` : limit;
}

function cells(line: Line): string[] {
  const sides = [...(line.floor ? [line.floor] : []), ...(line.peers ?? [])];
  const reached = reaches(line);
  // A peer is compared the other way round: how many picks of ours one of its picks costs.
  const ratio = compared(line, line.floor ? 'ratio' : 'peer');
  return [
    line.what,
    line.unit,
    spread(line.ours),
    sides.map(({ name, values }) => `${spread(values)}, ${name}`).join('; ') || '–',
    ratio === undefined || Number.isNaN(ratio) ? '–' : `${short(ratio)}×`,
    line.goal ? goalOf(line.goal) : '–',
    reached === undefined ? '–' : reached ? 'yes' : '**no**',
    line.note ?? '–',
  ];
}

/** A Markdown table whose columns are aligned as Prettier aligns them; columns without content are left out. */
export function table(lines: readonly Line[]): string {
  const all = lines.map(cells);
  const used = HEADER.map((_, column) => all.some((row) => row[column] !== '–'));
  return alignedTable([HEADER, ...all].map((row) => row.filter((_, column) => used[column])));
}

/** A Markdown table of a header and rows. */
export function alignedTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => row[column]!.length)));
  const text = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [text(rows[0]!), rule, ...rows.slice(1).map(text)].join('\n');
}
