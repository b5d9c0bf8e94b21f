import stringWidth from 'string-width';
import { escapeControls, toJson } from '../common/escape.js';
import { type Terminal } from './terminal.js';

/** Spaces between two columns. */
const GAP = '  ';

/** Cuts `line` to `columns` cells; a wide character is not cut in half. */
export function cutToWidth(line: string, columns: number): string {
  // A pseudo-terminal without a size reports 0.
  if (columns <= 0 || stringWidth(line) <= columns) return line;
  let cut = '';
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    width += stringWidth(segment);
    if (width > columns - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

/** Formats rows as lines with aligned columns. Control characters of the cells are escaped. */
export function alignRows(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map(escapeControls));
  const widths: number[] = [];
  for (const row of cells)
    row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, stringWidth(cell))));
  return cells.map((row) =>
    row
      .map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - stringWidth(cell)))
      .join(GAP)
      .trimEnd(),
  );
}

/** Formats a row as a line for programs: the cells are separated by tabs, and control characters are escaped. */
export function tabbed(row: readonly string[]): string {
  return row.map(escapeControls).join('\t').trimEnd();
}

/** Prints rows: aligned below a header on a terminal, separated by tabs and without a header elsewhere. */
export function printRows(
  { out, screen }: Pick<Terminal, 'out' | 'screen'>,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  if (screen && rows.length > 0) for (const line of alignRows([header, ...rows])) out(line);
  else for (const row of rows) out(tabbed(row));
}

/** Prints an object as one line of JSON. */
export function printJson({ out }: Pick<Terminal, 'out'>, value: object): void {
  out(toJson(value) ?? '');
}
