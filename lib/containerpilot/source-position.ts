import { maskSecrets } from './mask-secrets.js';

/** A one-based line and column. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/** The position of the character at `offset`, in UTF-16 code units. Lines end with `\n`. */
export function positionAt(text: string, offset: number): SourcePosition {
  const lines = text.slice(0, offset).split('\n');
  const last = lines.at(-1) ?? '';
  const pairs = last.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0;
  return { line: lines.length, column: last.length - pairs + 1 };
}

const MAX_LINE_LENGTH = 120;
/** Number of characters on either side of the position that are searched for secrets. */
const MASKED_LENGTH = 4_000;

/** The line at a position, with a caret below the column. A long line is shortened around it. Secrets are masked. */
export function sourceLine(text: string, { line, column }: SourcePosition): string {
  const cut = Math.max(0, column - 1 - MASKED_LENGTH);
  const excerpt = Array.from(text.split('\n')[line - 1] ?? '').slice(cut, column + MASKED_LENGTH);
  const chars = Array.from(maskSecrets(excerpt.join('')), (char) =>
    char < ' ' && char !== '\t' ? ' ' : char,
  );
  const at = column - 1 - cut;
  const from = Math.max(0, Math.min(at - MAX_LINE_LENGTH / 2, chars.length - MAX_LINE_LENGTH));
  const visible = chars.slice(from, from + MAX_LINE_LENGTH);
  // Tabs are kept in the indentation, so that the caret is aligned for any tab width.
  const indentation = chars.slice(from, at).map((char) => (char === '\t' ? '\t' : ' '));
  return `${visible.join('').trimEnd()}\n${indentation.join('')}^`;
}
