import { shown } from '../../kernel/expected.js';
import { shortened } from '../../kernel/shortened.js';
import { type RawAnswer } from './transport.js';
import { UnexpectedAnswerError } from './unexpected-answer.error.js';

const LONGEST_TEXT = 300;

/** An answer of Consul, whatever its status, with the means to read it safely. */
export class Answer {
  constructor(
    private readonly raw: RawAnswer,
    /** The request, for messages: `GET /health/service/web`. */
    private readonly what: string,
    /** Takes secrets out of what is shown: what answers may echo the request. */
    private readonly masked: (text: string) => string = (text) => text,
  ) {}

  get status(): number {
    return this.raw.status;
  }

  get ok(): boolean {
    return this.raw.status >= 200 && this.raw.status < 300;
  }

  /** The body as text, shortened: Consul's own words where it refuses or fails. */
  get text(): string {
    return shortened(this.masked(this.raw.body.toString('utf8')).trim(), LONGEST_TEXT);
  }

  /** `X-Consul-Index`; 0 where it is missing or no whole number. */
  get index(): number {
    const index = Number(this.header('x-consul-index'));
    return Number.isSafeInteger(index) && index > 0 ? index : 0;
  }

  /** Whether the server that answered has no leader: what it says may be old. */
  get leaderless(): boolean {
    return this.header('x-consul-knownleader') === 'false';
  }

  /** Whether Consul says that it left out what the token may not see; only newer versions do. */
  get filtered(): boolean {
    return this.header('x-consul-results-filtered-by-acls') === 'true';
  }

  /** The body as JSON. @throws UnexpectedAnswerError */
  json(): unknown {
    try {
      return JSON.parse(this.raw.body.toString('utf8')) as unknown;
    } catch (error) {
      // Node quotes what it could not parse.
      throw this.unexpected('JSON', this.text, new SyntaxError(this.masked((error as Error).message)));
    }
  }

  /** The body as a JSON array; Consul writes an empty one as `null` too. @throws UnexpectedAnswerError */
  array(): readonly unknown[] {
    const value = this.json();
    if (value === null) return [];
    if (!Array.isArray(value)) throw this.unexpected('a JSON array', value);
    return value;
  }

  /** The body as a JSON object. @throws UnexpectedAnswerError */
  object(): Readonly<Record<string, unknown>> {
    const value = this.json();
    if (!isObject(value)) throw this.unexpected('a JSON object', value);
    return value;
  }

  unexpected(what: string, got: unknown, cause?: unknown): UnexpectedAnswerError {
    return new UnexpectedAnswerError(
      `Expected the answer to ${this.what} to be ${what}, got ${this.masked(shown(got))} (status ${this.status}). Is it Consul that answers there?`,
      { cause },
    );
  }

  private header(name: string): string | undefined {
    const value = this.raw.headers[name];
    return typeof value === 'string' ? value : undefined;
  }
}

/** Whether `value` is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
