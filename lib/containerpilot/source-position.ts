import { maskSecrets } from './mask.js';

/** A place in a text, as people count: lines and characters from 1. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/** The place of the character at `offset` (in UTF-16 units). Lines end with `\n`. */
export function positionAt(text: string, offset: number): SourcePosition {
  const before = text.slice(0, offset).split('\n');
  const last = before.at(-1) ?? '';
  const pairs = last.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0;
  return { line: before.length, column: last.length - pairs + 1 };
}

const SHOWN = 120;
/** How much of a line is looked through for secrets, on either side of the place. */
const AROUND = 4_000;

/** The line of a place with a caret below it, shortened around the place where it is long, secrets starred out. */
export function sourceLine(text: string, { line, column }: SourcePosition): string {
  const cut = Math.max(0, column - 1 - AROUND);
  const near = Array.from(text.split('\n')[line - 1] ?? '').slice(cut, column + AROUND);
  const chars = Array.from(maskSecrets(near.join('')), (char) => (char < ' ' && char !== '\t' ? ' ' : char));
  const at = column - 1 - cut;
  const from = Math.max(0, Math.min(at - SHOWN / 2, chars.length - SHOWN));
  const shown = chars.slice(from, from + SHOWN);
  // Tabs stay tabs below, so that the caret stands right whatever their width.
  const below = chars.slice(from, at).map((char) => (char === '\t' ? '\t' : ' '));
  return `${shown.join('').trimEnd()}\n${below.join('')}^`;
}
