import type { KVClient } from 'etcd3';
import { onAbort } from '../common/async/abort.js';
import { type Clock } from '../common/clock.js';

/** The second argument of every method of the raw clients. */
export type CallOptions = NonNullable<Parameters<KVClient['range']>[1]>;

type Interceptor = NonNullable<CallOptions['interceptors']>[number];

type Call = ReturnType<Interceptor>;

const CANCELLED = 1 as Parameters<Call['cancelWithStatus']>[0];

/** The deadline on the wire precedes the client's own by this much: only gRPC knows whether a late request was sent. */
export const WIRE_MARGIN_MS = 10;

/** Metadata, deadline and cancellation of one call. */
export interface CallContext {
  /** The auth token; undefined without credentials. */
  readonly token: string | undefined;
  /** Whether a member without a leader refuses the call at once instead of waiting for an election. */
  readonly requireLeader: boolean;
  /** The deadline on the wire; undefined for streams. */
  readonly deadline: Date | undefined;
  /** Cancels the call on the wire. */
  readonly signal: AbortSignal;
  /** Called for each message and for the initial metadata of the server. */
  readonly onSignOfLife: () => void;
}

/** The deadline that is sent with a call of at most `timeoutMs`. */
export function wireDeadline(clock: Clock, timeoutMs: number): Date {
  return new Date(clock.wall() + Math.max(1, timeoutMs - WIRE_MARGIN_MS));
}

/** The reason that replaces etcd's `invalid auth token`; see {@link hideInvalidToken}. */
export const STALE_TOKEN = 'etcdserver: the auth token is no longer valid';

/**
 * Replaces etcd's reason for an invalid token. etcd3 reacts to the original by requesting a token itself and repeating
 * the call; without credentials of its own it would repeat the call endlessly.
 */
function hideInvalidToken(details: string): string {
  return details.replace(/etcdserver: invalid auth token/, STALE_TOKEN);
}

function interceptor({ token, requireLeader, signal, onSignOfLife }: CallContext): Interceptor {
  return (options, next) => {
    const call = next(options) as Call;
    const start = call.start.bind(call);
    let removeListener = (): void => undefined;
    call.start = (metadata, listener) => {
      if (token !== undefined) metadata.set('token', token);
      if (requireLeader) metadata.set('hasleader', 'true');
      start(metadata, {
        onReceiveMetadata: (received) => {
          onSignOfLife();
          listener?.onReceiveMetadata?.(received);
        },
        onReceiveMessage: (message: unknown) => {
          // For a call that ends without a response, gRPC itself passes `null`.
          if (message !== null) onSignOfLife();
          listener?.onReceiveMessage?.(message);
        },
        onReceiveStatus: (status) => {
          removeListener();
          listener?.onReceiveStatus?.({ ...status, details: hideInvalidToken(status.details) });
        },
      });
      removeListener = onAbort(signal, () => {
        call.cancelWithStatus(CANCELLED, 'the caller aborted the call');
      });
    };
    return call;
  };
}

/** The options of one call. */
export function callOptions(context: CallContext): CallOptions {
  return {
    interceptors: [interceptor(context)],
    ...(context.deadline === undefined ? {} : { deadline: context.deadline }),
  };
}
