import { ClosedError, DeadlineExceededError, SidekickError } from '../kernel/errors/index.js';
import { STALE_TOKEN } from './call-options.js';

/** gRPC's status numbers, as far as they make a difference here. */
const Status = {
  Cancelled: 1,
  Unknown: 2,
  DeadlineExceeded: 4,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
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

/** Texts by which the connection, or a server that refused at its door, says that nothing was done. */
const UNSENT =
  /No connection established|Name resolution failed|Waiting for LB pick|LB pick: .*not ready|etcdserver: (no leader|not leader|too many requests|rpc not supported for learner|the auth token)/;

/** What an attempt's failure means. */
export interface Failure {
  /**
   * `endpoint`: another may do better. `token`: a new auth token will do. `answer`: the cluster's final word.
   * `foreign`: not of the connection at all.
   */
  readonly kind: 'endpoint' | 'token' | 'answer' | 'foreign';
  /** Whether the request is proven to have had no effect. */
  readonly unsent: boolean;
  readonly status: number | undefined;
  /** For people. */
  readonly reason: string;
}

function readable(details: string): string {
  const inner = /Last error: (?:Error: )?(.*?)\. Resolution note:/s.exec(details)?.[1] ?? details;
  const plain = inner.replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)$/, '').trim();
  if (plain === '') return 'no reason given';
  if (plain.startsWith('Deadline exceeded')) return 'was not answered within its time';
  return plain === 'Failed to connect' ? `${plain}: a server that speaks TLS is named https://…` : plain;
}

function kindOf(status: number, details: string): Failure['kind'] {
  if (details.includes(STALE_TOKEN) || details.includes('revision of auth store is old')) return 'token';
  if (ENDPOINT_FAULTS.has(status)) return 'endpoint';
  const busy = status === Status.ResourceExhausted && details.includes('too many requests');
  const notLeader = status === Status.FailedPrecondition && details.includes('not leader');
  return busy || notLeader ? 'endpoint' : 'answer';
}

/** Reads what went wrong from an error of the raw clients, of an attempt's deadline, or of anything else. */
export function classify(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof DeadlineExceededError) {
    return { kind: 'endpoint', unsent: false, status: Status.DeadlineExceeded, reason: message };
  }
  if (error instanceof SidekickError) {
    return { kind: 'foreign', unsent: error instanceof ClosedError, status: undefined, reason: message };
  }
  const [, code, details] = /(?:^|\s)(\d{1,2}) [A-Z_]+: (.*)$/s.exec(message) ?? [];
  if (code !== undefined && details !== undefined) {
    const status = Number(code);
    const kind = kindOf(status, details);
    const unsent = kind === 'answer' || UNSENT.test(details);
    return { kind, unsent, status, reason: readable(details) };
  }
  // Two calls met on one connection: the other's failure closed it before this one began.
  if (message.includes('client was already closed') || message.includes('Channel has been shut down')) {
    return { kind: 'endpoint', unsent: true, status: undefined, reason: 'the connection was being replaced' };
  }
  return { kind: 'foreign', unsent: false, status: undefined, reason: message };
}
