import { truncate } from '../../../common/strings.js';
import { TemplateFailure } from '../failure.js';
import { toText } from '../values/bytes.js';
import { type Lexer } from './lexer.js';
import { type Token, type TokenType } from './token.js';

/** Describes a token for an error. */
export function describe(token: Token): string {
  if (token.type === 'eof') return 'the end of the template';
  return JSON.stringify(truncate(toText(token.text), 40));
}

/** A stream of tokens with unlimited look-ahead. */
export class TokenStream {
  /** Tokens that were pushed back, in reverse order. */
  private readonly ahead: Token[] = [];
  private latest: Token | undefined;

  constructor(private readonly lexer: Lexer) {}

  next(): Token {
    this.latest = this.ahead.pop() ?? this.lexer.next();
    return this.latest;
  }

  /** Pushes tokens back, to be read again in the given order. */
  back(...tokens: readonly Token[]): void {
    this.ahead.push(...tokens.toReversed());
  }

  peek(): Token {
    const token = this.next();
    this.back(token);
    return token;
  }

  nextNonSpace(): Token {
    let token = this.next();
    while (token.type === 'space') token = this.next();
    return token;
  }

  /** Skips spaces and returns the next token without consuming it. */
  peekNonSpace(): Token {
    const token = this.nextNonSpace();
    this.back(token);
    return token;
  }

  expect(type: TokenType, where: string): Token {
    const token = this.nextNonSpace();
    return token.type === type ? token : this.unexpected(token, where);
  }

  unexpected(token: Token, where: string): never {
    if (token.type === 'error')
      throw new TemplateFailure(`${upper(toText(token.text))} (in ${where}).`, token.pos);
    throw new TemplateFailure(`Unexpected ${describe(token)} in ${where}.`, token.pos);
  }

  /** @throws TemplateFailure at `pos`, by default at the token that was read last */
  fail(message: string, pos = this.latest?.pos ?? 0): never {
    throw new TemplateFailure(message, pos);
  }
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
