import { formatValue } from '../../common/expected.js';
import { truncate } from '../../common/strings.js';
import { isConsulsOwn } from './own-words.js';
import { type RawAnswer } from './transport.js';
import { UnexpectedAnswerError } from './unexpected-answer.error.js';

const LONGEST_TEXT = 300;

/** Bytes in which an error's author shows. */
const SIGNIFICANT_BYTES = 1_024;

/** A page, whatever its content type says. */
const PAGE = /^\s*<(!doctype|html|head|body|\?xml)\b/i;

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

  /** Whether Consul itself answered and did what was asked. */
  get ok(): boolean {
    return this.raw.status >= 200 && this.raw.status < 300 && this.own;
  }

  /** Whether Consul itself answered «there is none». */
  get absent(): boolean {
    return this.raw.status === 404 && this.own;
  }

  /** Whether Consul itself denied the request. */
  get denied(): boolean {
    return this.raw.status === 403 && this.own;
  }

  /** Whether it is Consul that answered, and not an ingress, a gateway or a login page in front of it. */
  get own(): boolean {
    const text = this.raw.body.subarray(0, SIGNIFICANT_BYTES).toString('utf8');
    const html = PAGE.test(text) || (this.header('content-type')?.startsWith('text/html') ?? false);
    const marked = Object.keys(this.raw.headers).some((name) => name.startsWith('x-consul-'));
    return isConsulsOwn({ status: this.status, marked, html, text });
  }

  /** The body as text, shortened: Consul's own words where it refuses or fails. */
  get text(): string {
    return truncate(this.masked(this.raw.body.toString('utf8')).trim(), LONGEST_TEXT);
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

  /** The answer of something in front of Consul, as an error. */
  foreign(): UnexpectedAnswerError {
    const said = this.text === '' ? 'nothing' : formatValue(this.text);
    return new UnexpectedAnswerError(
      `Expected Consul to answer ${this.what}, got status ${this.status} and ${said}, which Consul does not write. Does an ingress, a gateway or a login page in front of it answer, and does it let /v1 pass?`,
    );
  }

  unexpected(what: string, got: unknown, cause?: unknown): UnexpectedAnswerError {
    return new UnexpectedAnswerError(
      `Expected the answer to ${this.what} to be ${what}, got ${this.masked(formatValue(got))} (status ${this.status}). Is it Consul that answers there?`,
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
