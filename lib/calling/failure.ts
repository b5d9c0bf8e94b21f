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
  'ERR_CANCELED',
  'ERR_FORM_DATA_SERIALIZATION',
  'ERR_FR_TOO_MANY_REDIRECTS',
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_INVALID_CHAR',
  'ERR_INVALID_URL',
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

const ABORT_NAMES: ReadonlySet<unknown> = new Set(['AbortError', 'CanceledError']);

/** Statuses that are retried by default: answers of a proxy or of a server that does not serve the request. */
export const RETRIED_STATUSES: readonly number[] = [502, 503, 504];

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
