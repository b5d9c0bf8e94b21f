import { formatValue } from '../../common/expected.js';
import { truncate } from '../../common/strings.js';
import { isFromConsul } from './is-from-consul.js';
import { type RawResponse } from './transport.js';
import { UnexpectedAnswerError } from './unexpected-answer.error.js';

const MAX_SHOWN_CHARACTERS = 300;

/** Length of the start of the body that is inspected for signs of its author. */
const INSPECTED_BYTES = 1_024;

/** An HTML or XML page, recognised without its content type. */
const HTML_START = /^\s*<(!doctype|html|head|body|\?xml)\b/i;

/** A response of Consul's HTTP API, whatever its status, with checked access to its headers and its JSON. */
export class ConsulResponse {
  constructor(
    private readonly raw: RawResponse,
    /** The request, for messages: `GET /health/service/web`. */
    private readonly what: string,
    /** Masks secrets in messages, since a response may echo its request. */
    private readonly redact: (text: string) => string = (text) => text,
  ) {}

  get status(): number {
    return this.raw.status;
  }

  /** Whether Consul itself executed the request. */
  get ok(): boolean {
    return this.raw.status >= 200 && this.raw.status < 300 && this.fromConsul;
  }

  /** Whether Consul itself reports that the object does not exist. */
  get absent(): boolean {
    return this.raw.status === 404 && this.fromConsul;
  }

  /** Whether Consul itself denied the request. */
  get denied(): boolean {
    return this.raw.status === 403 && this.fromConsul;
  }

  /** Whether Consul wrote the response, not an ingress, a gateway or a login page in front of it. */
  get fromConsul(): boolean {
    const text = this.raw.body.subarray(0, INSPECTED_BYTES).toString('utf8');
    const isHtml = HTML_START.test(text) || (this.header('content-type')?.startsWith('text/html') ?? false);
    const hasConsulHeader = Object.keys(this.raw.headers).some((name) => name.startsWith('x-consul-'));
    return isFromConsul({ status: this.status, hasConsulHeader, isHtml, text });
  }

  /** The body as a string, shortened and redacted: the error message where Consul refuses or fails. */
  get text(): string {
    return truncate(this.redact(this.raw.body.toString('utf8')).trim(), MAX_SHOWN_CHARACTERS);
  }

  /** `X-Consul-Index`; 0 where it is missing or not a positive integer. */
  get index(): number {
    const index = Number(this.header('x-consul-index'));
    return Number.isSafeInteger(index) && index > 0 ? index : 0;
  }

  /** Whether the server that responded has no leader, so that its data may be stale. */
  get leaderless(): boolean {
    return this.header('x-consul-knownleader') === 'false';
  }

  /** Whether Consul reports that ACLs removed results. Only newer versions report it. */
  get filtered(): boolean {
    return this.header('x-consul-results-filtered-by-acls') === 'true';
  }

  /** The server's clock in milliseconds since 1970, to the second; undefined without a `Date` header. */
  get timeMs(): number | undefined {
    const time = Date.parse(this.header('date') ?? '');
    return Number.isNaN(time) ? undefined : time;
  }

  /**
   * Parses the body as JSON.
   *
   * @throws UnexpectedAnswerError when it is not JSON
   */
  json(): unknown {
    try {
      return JSON.parse(this.raw.body.toString('utf8')) as unknown;
    } catch (error) {
      // The message of Node's error quotes the body.
      throw this.unexpected('JSON', this.text, new SyntaxError(this.redact((error as Error).message)));
    }
  }

  /**
   * Parses the body as a JSON array. Consul also writes an empty one as `null`.
   *
   * @throws UnexpectedAnswerError when it is anything else
   */
  array(): readonly unknown[] {
    const value = this.json();
    if (value === null) return [];
    if (!Array.isArray(value)) throw this.unexpected('a JSON array', value);
    return value;
  }

  /**
   * Parses the body as a JSON object.
   *
   * @throws UnexpectedAnswerError when it is anything else
   */
  object(): Readonly<Record<string, unknown>> {
    const value = this.json();
    if (!isObject(value)) throw this.unexpected('a JSON object', value);
    return value;
  }

  /** The error for a response that something in front of Consul wrote. */
  foreign(): UnexpectedAnswerError {
    const body = this.text === '' ? 'an empty body' : formatValue(this.text);
    return new UnexpectedAnswerError(
      `Expected a response of Consul to ${this.what}, got status ${this.status} and ${body}, which Consul does not write. Check whether an ingress, a gateway or a login page in front of it responds, and whether it forwards /v1.`,
    );
  }

  /** The error for a response of another form than `what`. */
  unexpected(what: string, got: unknown, cause?: unknown): UnexpectedAnswerError {
    return new UnexpectedAnswerError(
      `Expected the response to ${this.what} to be ${what}, got ${this.redact(formatValue(got))} (status ${this.status}). Check that Consul responds at this address.`,
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
