import { alignRows, cutToWidth } from './rows.js';
import { type Screen, type Terminal } from './terminal.js';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** Rows for a terminal that reports none. */
const DEFAULT_ROWS = 24;

/** What a {@link LiveTable} shows. */
export interface TableContent {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Formats a table as at most `rows` lines of at most `columns` cells. The last line counts the rows that do not fit. */
export function tableLines(
  { title, header, rows }: TableContent,
  { columns, rows: height }: ReturnType<Screen['size']>,
): string[] {
  const room = Math.max(1, (height > 0 ? height : DEFAULT_ROWS) - 3);
  const fits = rows.length <= room;
  const shown = fits ? rows : rows.slice(0, Math.max(0, room - 1));
  const lines = [title, '', ...alignRows([header, ...shown])];
  if (!fits) lines.push(`… ${rows.length - shown.length} more`);
  return lines.map((line) => cutToWidth(line, columns));
}

/** A table on the alternate screen of a terminal. It is drawn again when its content or the terminal's size changes. */
export class LiveTable {
  private readonly stop: () => void;
  private drawing = false;

  constructor(
    private readonly write: Terminal['write'],
    private readonly screen: Screen,
    private readonly content: () => TableContent,
  ) {
    write(ENTER);
    this.stop = screen.onResize(() => {
      this.draw();
    });
    this.draw();
  }

  /** Draws the table. Several changes in one turn of the event loop are drawn once. */
  draw(): void {
    if (this.drawing) return;
    this.drawing = true;
    queueMicrotask(() => {
      this.drawing = false;
      const lines = tableLines(this.content(), this.screen.size());
      this.write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`);
    });
  }

  /** Restores the screen. */
  close(): void {
    this.stop();
    this.drawing = true;
    this.write(LEAVE);
  }
}
