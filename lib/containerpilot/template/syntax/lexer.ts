import { encodeRune, runeAt, toText } from '../values/bytes.js';
import { isAlphaNumeric } from '../values/unicode.js';
import { numberEnd } from './scan-number.js';
import { KEYWORDS, type Keyword, type Token, type TokenType } from './token.js';

const LEFT = '{{';
const RIGHT = '}}';
const SPACES = ' \t\r\n';
const KEYWORD: ReadonlySet<string> = new Set(KEYWORDS);
const SINGLE: Readonly<Record<string, TokenType>> = { '=': '=', '|': '|' };

/** Splits a template, given as bytes, into tokens. After an `error` or `eof` token it returns the same token again. */
export class Lexer {
  private pos = 0;
  private parens = 0;
  private inAction = false;
  private last: Token | undefined;

  constructor(private readonly input: string) {}

  next(): Token {
    this.last ??= this.inAction ? this.action() : this.text();
    const token = this.last;
    if (token.type !== 'error' && token.type !== 'eof') this.last = undefined;
    return token;
  }

  private text(): Token {
    for (;;) {
      const start = this.pos;
      const left = this.input.indexOf(LEFT, start);
      if (left < 0)
        return start < this.input.length
          ? this.emit('text', start, this.input.length)
          : this.emit('eof', start, start);
      const trims = this.trimsLeft(left + LEFT.length);
      const end = trims ? this.trimmedEnd(start, left) : left;
      if (end > start) {
        const token = this.emit('text', start, end);
        this.pos = left;
        return token;
      }
      const inside = left + LEFT.length + (trims ? 2 : 0);
      if (!this.input.startsWith('/*', inside)) {
        const token = this.emit('{{', left, left + LEFT.length);
        this.pos = inside;
        this.inAction = true;
        this.parens = 0;
        return token;
      }
      const failed = this.comment(inside);
      if (failed) return failed;
    }
  }

  private comment(start: number): Token | undefined {
    const end = this.input.indexOf('*/', start + 2);
    if (end < 0) return this.error(start, 'unclosed comment');
    this.pos = end + 2;
    const right = this.rightDelimiter();
    if (right === undefined) return this.error(start, 'comment not followed directly by }}');
    this.closeAction(right);
    return undefined;
  }

  private action(): Token {
    const { input, pos } = this;
    const right = this.rightDelimiter();
    if (right !== undefined) {
      if (this.parens > 0) return this.error(pos, 'unclosed parenthesis');
      const token: Token = { type: '}}', pos: right.at, text: RIGHT };
      this.closeAction(right);
      return token;
    }
    const { code, size } = runeAt(input, pos);
    const char = input[pos] ?? '';
    if (size === 0) return this.error(pos, 'unclosed action');
    if (SPACES.includes(char)) return this.space();
    const single = SINGLE[char];
    if (single) return this.emit(single, pos, pos + 1);
    if (char === ':') {
      return input[pos + 1] === '=' ? this.emit(':=', pos, pos + 2) : this.error(pos, 'expected := here');
    }
    if (char === '"') return this.quoted('"', 'string');
    if (char === "'") return this.quoted("'", 'char constant');
    if (char === '`') return this.rawString();
    if (char === '$') return this.name('variable');
    if (char === '.' && !/\d/.test(input[pos + 1] ?? (pos + 1 === input.length ? '0' : '')))
      return this.name('field');
    if (/[-+.\d]/.test(char)) return this.number();
    if (isAlphaNumeric(code)) return this.identifier();
    if (char === '(') {
      this.parens += 1;
      return this.emit('(', pos, pos + 1);
    }
    if (char === ')') {
      this.parens -= 1;
      return this.parens < 0 ? this.error(pos, 'unexpected right parenthesis') : this.emit(')', pos, pos + 1);
    }
    return code > 0x20 && code < 0x7f
      ? this.emit('character', pos, pos + 1)
      : this.error(pos, `unexpected character ${JSON.stringify(toText(encodeRune(code)))}`);
  }

  /** Spaces are tokens, because they separate arguments. The space before `-}}` belongs to the delimiter. */
  private space(): Token {
    const start = this.pos;
    let end = start;
    while (SPACES.includes(this.input[end] ?? 'x')) end += 1;
    if (this.input.startsWith(`-${RIGHT}`, end)) end -= 1;
    return this.emit('space', start, end);
  }

  private quoted(quote: string, type: TokenType): Token {
    const start = this.pos;
    for (let at = start + 1; ; at += 1) {
      const char = this.input[at];
      if (char === '\\') at += 1;
      const here = this.input[at];
      if (here === undefined || here === '\n')
        return this.error(start, `unterminated ${type === 'string' ? 'string' : 'character constant'}`);
      if (char === quote) return this.emit(type, start, at + 1);
    }
  }

  private rawString(): Token {
    const end = this.input.indexOf('`', this.pos + 1);
    return end < 0
      ? this.error(this.pos, 'unterminated raw string')
      : this.emit('raw string', this.pos, end + 1);
  }

  /** `.Name`, `$name`, or a bare `.` or `$`. */
  private name(type: 'field' | 'variable'): Token {
    const start = this.pos;
    const end = this.nameEnd(start + 1);
    if (!this.terminates(end)) return this.badCharacter(end);
    return this.emit(type === 'field' && end === start + 1 ? '.' : type, start, end);
  }

  private identifier(): Token {
    const start = this.pos;
    const end = this.nameEnd(start);
    if (!this.terminates(end)) return this.badCharacter(end);
    const word = this.input.slice(start, end);
    if (KEYWORD.has(word)) return this.emit(word as Keyword, start, end);
    return this.emit(word === 'true' || word === 'false' ? 'bool' : 'identifier', start, end);
  }

  private number(): Token {
    const start = this.pos;
    const { end, complex } = numberEnd(this.input, start);
    if (end < 0) return this.error(start, `bad number "${toText(this.input.slice(start, -end))}"`);
    return this.emit(complex ? 'complex' : 'number', start, end);
  }

  private nameEnd(at: number): number {
    for (;;) {
      const { code, size } = runeAt(this.input, at);
      if (!isAlphaNumeric(code)) return at;
      at += size;
    }
  }

  /** Whether the character at `at` may follow a name. */
  private terminates(at: number): boolean {
    const char = this.input[at];
    return char === undefined || `${SPACES}.,|:)(`.includes(char) || this.input.startsWith(RIGHT, at);
  }

  private badCharacter(at: number): Token {
    const char = toText(encodeRune(runeAt(this.input, at).code));
    return this.error(at, `unexpected character ${JSON.stringify(char)}`);
  }

  private trimsLeft(at: number): boolean {
    return this.input[at] === '-' && SPACES.includes(this.input[at + 1] ?? 'x');
  }

  private trimmedEnd(start: number, end: number): number {
    while (end > start && SPACES.includes(this.input[end - 1] ?? 'x')) end -= 1;
    return end;
  }

  /** The `}}` at the current position, with or without its trim marker, or undefined. */
  private rightDelimiter(): { readonly at: number; readonly trims: boolean } | undefined {
    const { input, pos } = this;
    if (SPACES.includes(input[pos] ?? 'x') && input.startsWith(`-${RIGHT}`, pos + 1))
      return { at: pos + 2, trims: true };
    return input.startsWith(RIGHT, pos) ? { at: pos, trims: false } : undefined;
  }

  private closeAction({ at, trims }: { readonly at: number; readonly trims: boolean }): void {
    this.pos = at + RIGHT.length;
    while (trims && SPACES.includes(this.input[this.pos] ?? 'x')) this.pos += 1;
    this.inAction = false;
  }

  private emit(type: TokenType, start: number, end: number): Token {
    this.pos = end;
    return { type, pos: start, text: this.input.slice(start, end) };
  }

  private error(pos: number, text: string): Token {
    return { type: 'error', pos, text };
  }
}
