import type { KVClient } from 'etcd3';

/** What every method of the raw clients takes beside its request. */
export type CallOptions = NonNullable<Parameters<KVClient['range']>[1]>;

type Interceptor = NonNullable<CallOptions['interceptors']>[number];

type Call = ReturnType<Interceptor>;

// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum itself is not reachable through etcd3
const CANCELLED = 1 as Parameters<Call['cancelWithStatus']>[0];

/** What one attempt sends along. */
export interface CallContext {
  /** The auth token, where a user is given. */
  readonly token: string | undefined;
  /** Whether a member without a leader is to refuse at once instead of waiting for one. */
  readonly requireLeader: boolean;
  /** When the attempt ends, whatever happens; undefined for streams. */
  readonly deadline: Date | undefined;
  /** Cancels the call on the wire. */
  readonly signal: AbortSignal;
  /** Called with each sign of the server. */
  readonly onSignOfLife: () => void;
}

/** What {@link markStaleToken} makes of etcd's text. */
export const STALE_TOKEN = 'etcdserver: the auth token is no longer valid';

// etcd3 meets this very text by asking for a token of its own and sending the call again, without end as it has none.
function markStaleToken(details: string): string {
  return details.replace(/etcdserver: invalid auth token/, STALE_TOKEN);
}

function interceptor({ token, requireLeader, signal, onSignOfLife }: CallContext): Interceptor {
  return (options, next) => {
    const call = next(options) as Call;
    const start = call.start.bind(call);
    const cancel = (): void => {
      call.cancelWithStatus(CANCELLED, 'the caller gave up');
    };
    call.start = (metadata, listener) => {
      if (token !== undefined) metadata.set('token', token);
      if (requireLeader) metadata.set('hasleader', 'true');
      start(metadata, {
        onReceiveMetadata: (received) => {
          onSignOfLife();
          listener?.onReceiveMetadata?.(received);
        },
        onReceiveMessage: (message: unknown) => {
          // A call that ends without an answer is given `null` for one, by gRPC itself.
          if (message !== null) onSignOfLife();
          listener?.onReceiveMessage?.(message);
        },
        onReceiveStatus: (status) => {
          signal.removeEventListener('abort', cancel);
          listener?.onReceiveStatus?.({ ...status, details: markStaleToken(status.details) });
        },
      });
      if (signal.aborted) cancel();
      else signal.addEventListener('abort', cancel, { once: true });
    };
    return call;
  };
}

/** Call options for one attempt. */
export function callOptions(context: CallContext): CallOptions {
  return {
    interceptors: [interceptor(context)],
    ...(context.deadline === undefined ? {} : { deadline: context.deadline }),
  };
}
