/**
 * What the end of an attempt says about its endpoint, and whether a retry may help. All integrations decide by this file,
 * except gRPC, which has statuses of its own.
 */
import { type CallOutcome } from '../balancing/call.js';
import { type RetryReason } from '../balancing/retry-options.js';

/** A failed attempt. */
export interface Failure {
  /** The reason to retry; undefined where another attempt would fail in the same way. */
  readonly reason: RetryReason | undefined;
  /** `aborted` where the cause is in this process: it says nothing about the endpoint. */
  readonly outcome: Exclude<CallOutcome, 'success'>;
}

/**
 * Codes of errors whose cause is in this process: an invalid request, a closed client, the caller's abort, no more files or
 * local ports.
 */
const LOCAL_CODES: ReadonlySet<unknown> = new Set([
  'ABORT_ERR',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ERR_BAD_OPTION',
  'ERR_BAD_OPTION_VALUE',
  'ERR_BAD_REQUEST',
  'ERR_BAD_RESPONSE',
  'ERR_CANCELED',
  'ERR_FORM_DATA_SERIALIZATION',
  'ERR_FR_REDIRECTION_FAILURE',
  'ERR_FR_TOO_MANY_REDIRECTS',
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_INVALID_CHAR',
  'ERR_INVALID_URL',
  'ERR_NOT_SUPPORT',
  'UND_ERR_ABORTED',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
  'UND_ERR_INVALID_ARG',
  'UND_ERR_INVALID_RETURN_VALUE',
  'UND_ERR_MAX_ORIGINS_REACHED',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
]);

/** Codes of the resolver of host names, for endpoints whose address is a name. The endpoint itself may be well. */
const DNS_CODES: ReadonlySet<unknown> = new Set([
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'ENODATA',
  'ENOTFOUND',
]);

/** Codes of errors before a request was written, where the client does not report its start. */
const CONNECT_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Codes of a connection that broke. */
const RESET_CODES: ReadonlySet<unknown> = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);

const ABORT_NAMES: ReadonlySet<unknown> = new Set(['AbortError', 'CanceledError']);

/** Statuses that are retried by default: answers of a proxy or of a server that does not serve the request. */
export const RETRIED_STATUSES: readonly number[] = [502, 503, 504];

/** Methods of requests that may be sent twice. */
const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set([
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'QUERY',
  'TRACE',
]);

/** Whether a request with this method may be sent twice. */
export function isIdempotent(method: string): boolean {
  // Most clients have it in upper case, and the hash of a new string costs more than both look-ups.
  return IDEMPOTENT_METHODS.has(method) || IDEMPOTENT_METHODS.has(method.toUpperCase());
}

/** 5xx is a failure of the endpoint, except 501: the method is not implemented anywhere. */
export function outcomeOfStatus(status: number): CallOutcome {
  return status >= 500 && status !== 501 ? 'failure' : 'success';
}

/**
 * Classifies the error of an attempt. Errors may come from another realm, so they are told apart by name and code.
 *
 * @param sent whether a part of the request may have reached the server
 */
export function failureOf(error: unknown, sent: boolean): Failure {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  const isOurs = typeof code === 'string' && code.startsWith('SIDEKICK_');
  if (isOurs || LOCAL_CODES.has(code) || ABORT_NAMES.has(name))
    return { reason: undefined, outcome: 'aborted' };
  if (!sent) return { reason: 'connect', outcome: DNS_CODES.has(code) ? 'aborted' : 'failure' };
  return { reason: 'reset', outcome: 'failure' };
}

/** How deep causes are followed. */
const MAX_CAUSES = 5;

/** The members of errors of Node, of undici and of common HTTP clients. */
interface KnownError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly response?: { readonly status?: unknown; readonly statusCode?: unknown } | null;
  readonly errors?: readonly unknown[];
  readonly cause?: unknown;
}

/**
 * Classifies an error of any client, whose start is not observed: by an HTTP status, or by the codes of the error and its
 * causes. An error that is neither, such as a database's own, says nothing about the endpoint.
 */
export function failureOfClient(error: unknown): Failure | { reason: undefined; outcome: 'success' } {
  let current: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && typeof current === 'object' && current !== null; depth++) {
    const known: KnownError = current;
    const status = statusOf(known);
    if (status !== undefined) {
      const outcome = outcomeOfStatus(status);
      return outcome === 'failure' ? { reason: status, outcome } : { reason: undefined, outcome: 'success' };
    }
    const { name, code, syscall } = known;
    if (LOCAL_CODES.has(code) || ABORT_NAMES.has(name)) return UNKNOWN;
    if (DNS_CODES.has(code)) return { reason: 'connect', outcome: 'aborted' };
    if (CONNECT_CODES.has(code) || syscall === 'connect') return { reason: 'connect', outcome: 'failure' };
    if (RESET_CODES.has(code)) return { reason: 'reset', outcome: 'failure' };
    // Node tries all addresses of a name, and reports each.
    current = known.cause ?? known.errors?.[0];
  }
  return UNKNOWN;
}

const UNKNOWN: Failure = Object.freeze({ reason: undefined, outcome: 'aborted' });

function statusOf({ status, statusCode, response }: KnownError): number | undefined {
  return [response?.status, response?.statusCode, status, statusCode].find(
    (value): value is number => typeof value === 'number' && value >= 400 && value <= 599,
  );
}
