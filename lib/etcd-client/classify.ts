import { ClosedError, DeadlineExceededError, SidekickError } from '../common/errors/index.js';
import { tlsFailure } from '../common/tls/tls-failure.js';
import { STALE_TOKEN } from './call-options.js';

/** The gRPC status codes that are distinguished here. */
const Status = {
  Cancelled: 1,
  Unknown: 2,
  DeadlineExceeded: 4,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;

/** Status codes of a failing endpoint. Any other code is a response of the cluster. */
const ENDPOINT_FAULTS: ReadonlySet<number> = new Set([
  Status.Cancelled,
  Status.Unknown,
  Status.DeadlineExceeded,
  Status.Aborted,
  Status.Internal,
  Status.Unavailable,
  Status.DataLoss,
]);

/** Status codes of a refusal that count as etcd's only with a reason of etcd: proxies and other servers use them too. */
const REFUSALS: ReadonlySet<number> = new Set([
  Status.PermissionDenied,
  Status.Unimplemented,
  Status.Unauthenticated,
]);

/** Reasons which prove that the request had no effect: it was not sent, or refused before it was processed. */
const UNSENT =
  /No connection established|Name resolution failed|Waiting for LB pick|LB pick: .*not ready|etcdserver: (no leader|not leader|too many requests|rpc not supported for learner|the auth token|user name is empty)/;

/** The reason for a response that is not gRPC. etcd never sends one. */
const HTTP_STATUS = /^Received HTTP status code (\d+)$/;

/** The reason for a request without a token, which happens when authentication is enabled after the client's login. */
const NO_TOKEN = 'etcdserver: user name is empty';

/** The reasons of members during an election. */
const ELECTION = /^etcdserver: (no leader|not leader|leader changed|request timed out)/;

/** What the error of an attempt means. */
export interface Failure {
  /**
   * `endpoint`: the endpoint failed, and another can be tried. `token`: the auth token has to be renewed. `answer`: the
   * cluster refused the request. `foreign`: the error does not come from the connection.
   */
  readonly kind: 'endpoint' | 'token' | 'answer' | 'foreign';
  /** Whether the request is proven to have had no effect. */
  readonly unsent: boolean;
  /** Whether the deadline passed without a response. */
  readonly late: boolean;
  readonly status: number | undefined;
  /** The readable reason, for messages. */
  readonly reason: string;
  /** The error itself, or the `TlsError` made from it. */
  readonly cause: unknown;
}

/** The reason of the connection or the server, without the text that gRPC adds around it. */
function inner(details: string): string {
  const last = /Last error: (?:Error: )?(.*?)\. Resolution note:/s.exec(details)?.[1] ?? details;
  return last.replace(/\s*\(\d{4}-\d\d-\d\dT[\d:.]+Z\)$/, '').trim();
}

function readable(status: number, plain: string): string {
  const http = HTTP_STATUS.exec(plain)?.[1];
  if (http !== undefined)
    return `answered with HTTP status ${http} instead of gRPC; check that the address is an etcd server, or a proxy with a route to one`;
  if (isForeign(status, plain))
    return `refused the request with a reason that is not etcd's: ${plain || 'none'}`;
  if (plain === '') return 'no reason given';
  return plain.startsWith('Deadline exceeded') ? 'did not answer in time' : plain;
}

function isForeign(status: number, details: string): boolean {
  return REFUSALS.has(status) && !details.includes('etcdserver: ');
}

function kindOf(status: number, details: string): Failure['kind'] {
  if ([STALE_TOKEN, NO_TOKEN, 'revision of auth store is old'].some((reason) => details.includes(reason)))
    return 'token';
  if (ENDPOINT_FAULTS.has(status) || isForeign(status, details)) return 'endpoint';
  const busy = status === Status.ResourceExhausted && details.includes('too many requests');
  const notLeader = status === Status.FailedPrecondition && details.includes('not leader');
  return busy || notLeader ? 'endpoint' : 'answer';
}

/** Whether a member refused a request because of an election, which ends soon. */
export function isElection(reason: string): boolean {
  return ELECTION.test(reason);
}

/** Determines what an error of the raw clients, a deadline or any other error means. */
export function classify(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof DeadlineExceededError) {
    return {
      kind: 'endpoint',
      unsent: false,
      late: true,
      status: Status.DeadlineExceeded,
      reason: message,
      cause: error,
    };
  }
  if (error instanceof SidekickError) {
    const unsent = error instanceof ClosedError;
    return { kind: 'foreign', unsent, late: false, status: undefined, reason: message, cause: error };
  }
  const [, code, details] = /(?:^|\s)(\d{1,2}) [A-Z_]+: (.*)$/s.exec(message) ?? [];
  if (code !== undefined && details !== undefined) {
    const status = Number(code);
    const kind = kindOf(status, details);
    const plain = inner(details);
    const unsent = kind === 'answer' || isForeign(status, details) || UNSENT.test(details);
    const tls = kind === 'endpoint' ? tlsFailure(plain, undefined, error) : undefined;
    const late = status === Status.DeadlineExceeded;
    return {
      kind,
      unsent,
      late,
      status,
      reason: tls?.message ?? readable(status, plain),
      cause: tls ?? error,
    };
  }
  // Another call on the same connection failed and closed it before this call started.
  if (message.includes('client was already closed') || message.includes('Channel has been shut down')) {
    const reason = 'the connection was being replaced';
    return { kind: 'endpoint', unsent: true, late: false, status: undefined, reason, cause: error };
  }
  return { kind: 'foreign', unsent: false, late: false, status: undefined, reason: message, cause: error };
}
