/** The reserved words. */
export const KEYWORDS = [
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'nil',
  'range',
  'template',
  'with',
] as const;

/** A reserved word. */
export type Keyword = (typeof KEYWORDS)[number];

/** The type of a token. */
export type TokenType =
  | Keyword
  | 'eof'
  | 'error'
  | 'text'
  | '{{'
  | '}}'
  | 'space'
  | '='
  | ':='
  | '|'
  | '('
  | ')'
  | 'character'
  | '.'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'bool'
  | 'number'
  | 'complex'
  | 'char constant'
  | 'string'
  | 'raw string';

/** A token of a template. `text` is its bytes, or the message of an `error`. */
export interface Token {
  readonly type: TokenType;
  /** Offset of the first byte. */
  readonly pos: number;
  readonly text: string;
}
