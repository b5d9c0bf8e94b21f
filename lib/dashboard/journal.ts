import { type JournalRow } from './rows.js';

/** Lines that are kept. */
export const MAX_LINES = 500;

/** Longest text of a line, in characters. */
const MAX_TEXT = 400;

/** The last {@link MAX_LINES} events, each with its number. */
export class Journal {
  private readonly lines: { readonly number: number; readonly line: JournalRow }[] = [];
  private count = 0;

  constructor(private readonly wall: () => number) {}

  add(line: Omit<JournalRow, 'kind' | 'at'>): void {
    this.count += 1;
    const { topic, level } = line;
    const [subject, text] = [cut(line.subject), cut(line.text)];
    this.lines.push({
      number: this.count,
      line: { kind: 'journal', at: this.wall(), topic, level, subject, text },
    });
    if (this.lines.length > MAX_LINES) this.lines.shift();
  }

  /** The lines by their numbers, oldest first. */
  *[Symbol.iterator](): Generator<readonly [number: number, line: JournalRow]> {
    for (const { number, line } of this.lines) yield [number, line];
  }
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}
