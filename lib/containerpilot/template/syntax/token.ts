/** Words with a meaning of their own. */
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

/** A word with a meaning of its own. */
export type Keyword = (typeof KEYWORDS)[number];

/** What a token is. */
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

/** A piece of a template. `text` is its bytes, or what is wrong for `error`. */
export interface Token {
  readonly type: TokenType;
  /** Offset of its first byte. */
  readonly pos: number;
  readonly text: string;
}
