import { truncate } from '../../../common/strings.js';
import { TemplateFailure } from '../failure.js';
import { toText } from '../values/bytes.js';
import { type Lexer } from './lexer.js';
import { type Token, type TokenType } from './token.js';

/** A token as an error names it. */
export function describe(token: Token): string {
  if (token.type === 'eof') return 'the end of the template';
  return JSON.stringify(truncate(toText(token.text), 40));
}

/** Tokens with a look ahead of any length, and the errors about them. */
export class TokenStream {
  /** Read from the lexer and given back, the next one last. */
  private readonly ahead: Token[] = [];
  private latest: Token | undefined;

  constructor(private readonly lexer: Lexer) {}

  next(): Token {
    this.latest = this.ahead.pop() ?? this.lexer.next();
    return this.latest;
  }

  /** Gives tokens back, to be read again in the order given. */
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

  /** Drops spaces, and shows what follows. */
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

  /** Fails at `pos`, or at the token that was read last. */
  fail(message: string, pos = this.latest?.pos ?? 0): never {
    throw new TemplateFailure(message, pos);
  }
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
