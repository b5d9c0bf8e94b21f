import { ClosedError, DeadlineExceededError, SidekickError } from '../common/errors/index.js';
import { tlsFailure } from '../common/tls/tls-failure.js';
import { STALE_TOKEN } from './call-options.js';

/** gRPC's status numbers, as far as they make a difference here. */
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

/** Faults of an endpoint; every other status is the cluster's answer. */
const ENDPOINT_FAULTS: ReadonlySet<number> = new Set([
  Status.Cancelled,
  Status.Unknown,
  Status.DeadlineExceeded,
  Status.Aborted,
  Status.Internal,
  Status.Unavailable,
  Status.DataLoss,
]);

/** Refusals that are etcd's only in etcd's words: a proxy or another server in its place speaks so too. */
const REFUSALS: ReadonlySet<number> = new Set([
  Status.PermissionDenied,
  Status.Unimplemented,
  Status.Unauthenticated,
]);

/** Texts by which the connection, or a server that refused at its door, says that nothing was done. */
const UNSENT =
  /No connection established|Name resolution failed|Waiting for LB pick|LB pick: .*not ready|etcdserver: (no leader|not leader|too many requests|rpc not supported for learner|the auth token|user name is empty)/;

/** The status of an answer without gRPC, which etcd never gives. */
const HTTP_STATUS = /^Received HTTP status code (\d+)$/;

/** A request without a token, from a user whose login was not asked for before authentication was enabled. */
const NO_TOKEN = 'etcdserver: user name is empty';

/** What members say while they elect a leader. */
const ELECTION = /^etcdserver: (no leader|not leader|leader changed|request timed out)/;

/** What an attempt's failure means. */
export interface Failure {
  /**
   * `endpoint`: another may do better. `token`: a new auth token will do. `answer`: the cluster's final word.
   * `foreign`: not of the connection at all.
   */
  readonly kind: 'endpoint' | 'token' | 'answer' | 'foreign';
  /** Whether the request is proven to have had no effect. */
  readonly unsent: boolean;
  /** Whether there was no answer in time, rather than a failure. */
  readonly late: boolean;
  readonly status: number | undefined;
  /** For people. */
  readonly reason: string;
  /** What the failure is made of: the error itself, or what it says of TLS. */
  readonly cause: unknown;
}

/** What the connection or the server says, without what gRPC puts around it. */
function inner(details: string): string {
  const last = /Last error: (?:Error: )?(.*?)\. Resolution note:/s.exec(details)?.[1] ?? details;
  return last.replace(/\s*\(\d{4}-\d\d-\d\dT[\d:.]+Z\)$/, '').trim();
}

function readable(status: number, plain: string): string {
  const http = HTTP_STATUS.exec(plain)?.[1];
  if (http !== undefined)
    return `answered with HTTP status ${http}, which etcd never does: is another server, or a proxy without a route to etcd, at this address?`;
  if (isForeign(status, plain)) return `refused in words that are not etcd's: ${plain || 'none'}`;
  if (plain === '') return 'no reason given';
  return plain.startsWith('Deadline exceeded') ? 'was not answered within its time' : plain;
}

function isForeign(status: number, details: string): boolean {
  return REFUSALS.has(status) && !details.includes('etcdserver: ');
}

function kindOf(status: number, details: string): Failure['kind'] {
  if ([STALE_TOKEN, NO_TOKEN, 'revision of auth store is old'].some((said) => details.includes(said)))
    return 'token';
  if (ENDPOINT_FAULTS.has(status) || isForeign(status, details)) return 'endpoint';
  const busy = status === Status.ResourceExhausted && details.includes('too many requests');
  const notLeader = status === Status.FailedPrecondition && details.includes('not leader');
  return busy || notLeader ? 'endpoint' : 'answer';
}

/** Whether a member's reason not to serve is an election, which is over soon. */
export function isElection(reason: string): boolean {
  return ELECTION.test(reason);
}

/** Reads what went wrong from an error of the raw clients, of an attempt's deadline, or of anything else. */
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
    const said = inner(details);
    const unsent = kind === 'answer' || isForeign(status, details) || UNSENT.test(details);
    const tls = kind === 'endpoint' ? tlsFailure(said, undefined, error) : undefined;
    const late = status === Status.DeadlineExceeded;
    return {
      kind,
      unsent,
      late,
      status,
      reason: tls?.message ?? readable(status, said),
      cause: tls ?? error,
    };
  }
  // Two calls met on one connection: the other's failure closed it before this one began.
  if (message.includes('client was already closed') || message.includes('Channel has been shut down')) {
    const reason = 'the connection was being replaced';
    return { kind: 'endpoint', unsent: true, late: false, status: undefined, reason, cause: error };
  }
  return { kind: 'foreign', unsent: false, late: false, status: undefined, reason: message, cause: error };
}
