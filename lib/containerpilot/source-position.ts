import { maskSecrets } from './mask.js';

/** A place in a text, as people count: lines and characters from 1. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/** The place of the character at `offset` (in UTF-16 units). Lines end with `\n`. */
export function positionAt(text: string, offset: number): SourcePosition {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: Array.from(before.at(-1) ?? '').length + 1 };
}

const SHOWN = 120;

/** The line of a place with a caret below it, shortened around the place where it is long, secrets starred out. */
export function sourceLine(text: string, { line, column }: SourcePosition): string {
  const masked = maskSecrets(text.split('\n')[line - 1] ?? '');
  const chars = Array.from(masked, (char) => (char < ' ' && char !== '\t' ? ' ' : char));
  const from = Math.max(0, Math.min(column - 1 - SHOWN / 2, chars.length - SHOWN));
  const shown = chars.slice(from, from + SHOWN);
  // Tabs stay tabs below, so that the caret stands right whatever their width.
  const below = chars.slice(from, column - 1).map((char) => (char === '\t' ? '\t' : ' '));
  return `${shown.join('').trimEnd()}\n${below.join('')}^`;
}
