/** A syntax error in JSON5. */
export class Json5Failure extends Error {
  constructor(
    message: string,
    /** Offset of the character. */
    readonly offset: number,
  ) {
    super(message);
  }
}

const SPACE = /[\s\ufeff]/;
const NAME_START = /[\p{L}\p{Nl}$_]/uy;
const NAME_PART = /[\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}$\u200c\u200d]+/uy;
const NUMBER =
  /[+-]?(?:Infinity|NaN|0[xX][\da-fA-F]+|(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)/y;
const WORD = /[\p{L}\p{N}$_.+-]/u;
const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  0: '\0',
};

/** Scans the tokens of JSON5. */
export class Scanner {
  pos = 0;

  constructor(readonly text: string) {}

  /** The next character, `''` at the end. */
  get char(): string {
    return this.text.charAt(this.pos);
  }

  /** Skips white space and comments. Returns whether they contain a line end. */
  skip(): boolean {
    const from = this.pos;
    for (;;) {
      while (this.pos < this.text.length && SPACE.test(this.char)) this.pos += 1;
      if (this.text.startsWith('//', this.pos)) {
        const end = this.text.slice(this.pos).search(/[\n\r\u2028\u2029]/);
        this.pos = end < 0 ? this.text.length : this.pos + end;
      } else if (this.text.startsWith('/*', this.pos)) {
        const end = this.text.indexOf('*/', this.pos + 2);
        if (end < 0) this.fail('Expected "*/" to end this comment.');
        this.pos = end + 2;
      } else {
        return /[\n\r\u2028\u2029]/.test(this.text.slice(from, this.pos));
      }
    }
  }

  fail(message: string, offset = this.pos): never {
    throw new Json5Failure(message, offset);
  }

  /** The character at the current position, for an error. */
  found(): string {
    if (this.pos >= this.text.length) return 'the end of the file';
    return JSON.stringify(String.fromCodePoint(this.text.codePointAt(this.pos) ?? 0));
  }

  /** A quoted string. */
  string(): string {
    const start = this.pos;
    const quote = this.char;
    const parts: string[] = [];
    this.pos += 1;
    for (;;) {
      const end = this.plainEnd(quote);
      parts.push(this.text.slice(this.pos, end));
      this.pos = end;
      if (this.char === quote) {
        this.pos += 1;
        return parts.join('');
      }
      if (this.char !== '\\') this.fail(`Expected a closing ${quote} on the line of this string.`, start);
      parts.push(this.escape());
    }
  }

  private plainEnd(quote: string): number {
    let at = this.pos;
    for (
      let char = this.text[at];
      char !== undefined && char !== quote && !'\\\n\r'.includes(char);
      char = this.text[at]
    )
      at += 1;
    return at;
  }

  private escape(): string {
    const start = this.pos;
    const char = this.text.charAt(start + 1);
    this.pos += 2;
    if (char === 'u' || char === 'x') return this.hexEscape(start, char === 'u' ? 4 : 2);
    if (char === '\r' && this.char === '\n') this.pos += 1;
    if (/[\n\r\u2028\u2029]/.test(char)) return '';
    if (char === '' || /[1-9]/.test(char) || (char === '0' && /\d/.test(this.char)))
      this.fail('Expected an escape sequence.', start);
    return ESCAPES[char] ?? char;
  }

  private hexEscape(start: number, digits: number): string {
    const hex = this.text.slice(this.pos, this.pos + digits);
    if (hex.length < digits || !/^[\da-fA-F]+$/.test(hex))
      this.fail(`Expected ${digits} hexadecimal digits in this escape sequence.`, start);
    this.pos += digits;
    return String.fromCharCode(parseInt(hex, 16));
  }

  /** An unquoted name, or undefined if there is none at the current position. */
  name(): string | undefined {
    const parts: string[] = [];
    for (;;) {
      if (this.text.startsWith('\\u', this.pos)) {
        this.pos += 2;
        parts.push(this.hexEscape(this.pos - 2, 4));
        continue;
      }
      const pattern = parts.length === 0 ? NAME_START : NAME_PART;
      pattern.lastIndex = this.pos;
      const match = pattern.exec(this.text);
      if (!match) return parts.length === 0 ? undefined : parts.join('');
      parts.push(match[0]);
      this.pos += match[0].length;
    }
  }

  /** A number, or undefined if there is none at the current position. */
  number(): number | undefined {
    NUMBER.lastIndex = this.pos;
    const match = NUMBER.exec(this.text);
    if (!match) return undefined;
    const end = this.pos + match[0].length;
    if (WORD.test(this.text.charAt(end))) this.fail('Expected a number to end here.', end);
    this.pos = end;
    const unsigned = match[0].replace(/^[+-]/, '');
    const value = Number(unsigned);
    return match[0].startsWith('-') ? -value : value;
  }
}
