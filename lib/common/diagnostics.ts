import { channel, type Channel, subscribe, unsubscribe } from 'node:diagnostics_channel';

/** What every message says of its origin. */
interface Origin {
  /**
   * Nest's `ModulesContainer.applicationId`, since channels are shared by all applications of the process; undefined
   * outside a Nest application.
   */
  readonly applicationId: string | undefined;
}

/** An instance of a service, in a message. */
interface Target extends Origin {
  readonly service: string;
  readonly endpoint: { readonly id: string; readonly address: string; readonly port: number };
}

/** Message of `sidekick:service:change`: a service has a new list. */
export interface ServiceChangeMessage extends Origin {
  readonly service: string;
  /** Number of the list. */
  readonly revision: number;
  /** Ids of the endpoints. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly updated: readonly string[];
  /** Number of endpoints in the list. */
  readonly endpoints: number;
}

/** Message of the `sidekick:heartbeat:…` channels: a registration was renewed, lost or restored. */
export interface HeartbeatMessage extends Origin {
  /** The key, or the name of the service for an instance. */
  readonly key: string;
  /** Id of the instance; undefined for a key. */
  readonly id?: string | undefined;
  /** Why the registration was lost. */
  readonly reason?: string | undefined;
}

/** Message of `sidekick:heartbeat:propagated`: the watch of this process has seen a write of its own. */
export interface HeartbeatPropagationMessage extends HeartbeatMessage {
  /** Scheme of the registry's URL, such as `etcd`. */
  readonly registry: string;
  /** From the acknowledgement of the write; 0 when the watch was faster than the acknowledgement. */
  readonly durationMs: number;
}

/** Message of `sidekick:registry:request`: a request to a registry has ended. */
export interface RegistryRequestMessage extends Origin {
  /** Scheme of the registry's URL, such as `etcd`. */
  readonly registry: string;
  /** Operation of the driver port, such as `put` or `list`. */
  readonly operation: string;
  readonly outcome: 'ok' | 'error';
  readonly durationMs: number;
}

/** Message of `sidekick:request:start`: one attempt of a call has begun. */
export interface RequestStartMessage extends Target {
  /** Number of the attempt, from 1. */
  readonly attempt: number;
}

/** Message of `sidekick:request:end`: one attempt of a call has ended. */
export interface RequestEndMessage extends RequestStartMessage {
  /** `aborted`: ended by the caller, or by its deadline. */
  readonly outcome: 'success' | 'failure' | 'aborted';
  readonly durationMs: number;
  readonly error?: unknown;
  /** Of a call by gRPC: its method, such as `hero.HeroService/FindOne`, and the name of its status, such as `OK`. */
  readonly grpc?: { readonly method: string; readonly status: string };
}

/** Message of `sidekick:request:retry`: a call that failed was sent again, or could have been. */
export interface RequestRetryMessage extends Origin {
  readonly service: string;
  /** `success` and `failure`: the outcome of the retry. `exhausted`: the budget of retries did not allow it. */
  readonly result: 'success' | 'failure' | 'exhausted';
}

/** Message of `sidekick:selection:failure`: a pick found no endpoint. */
export interface SelectionFailureMessage extends Origin {
  readonly service: string;
  /** The reason of the `NoEndpointsError`. */
  readonly reason: string;
}

/** Message of `sidekick:budget:exhausted`: the retry budget of a service is spent. */
export interface BudgetExhaustedMessage extends Origin {
  readonly service: string;
}

/** Message of `sidekick:ejection`: an endpoint was ejected by outlier detection, or returned. */
export interface EjectionMessage extends Target {
  readonly type: 'ejected' | 'returned';
  /** The rule that ejected the endpoint. */
  readonly rule: 'consecutive-failures' | 'success-rate' | 'failure-percentage' | 'retry-after';
  /** False with `enforce: false`: the endpoint is still picked. */
  readonly enforced: boolean;
  /** Length of the ejection in milliseconds. */
  readonly durationMs: number;
}

/** Message of `sidekick:election:change`. */
export interface ElectionChangeMessage extends Origin {
  readonly election: string;
  readonly type: 'elected' | 'deposed' | 'leader';
  readonly term: string | undefined;
  /** Id of the leader; undefined without one. */
  readonly leader: string | undefined;
  readonly reason?: string | undefined;
}

/** A channel whose messages have one type. */
interface TypedChannel<Message extends Origin> extends Pick<Channel, 'name' | 'hasSubscribers'> {
  publish(message: Message): void;
}

const typed = <Message extends Origin>(name: string): TypedChannel<Message> => channel(name);

/**
 * The `node:diagnostics_channel` channels of this library. Build a message only where `hasSubscribers` is true, and
 * freeze it. An error thrown by a subscriber ends the process.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html
 */
export const CHANNELS = Object.freeze({
  serviceChange: typed<ServiceChangeMessage>('sidekick:service:change'),
  heartbeatRenewed: typed<HeartbeatMessage>('sidekick:heartbeat:renewed'),
  heartbeatLost: typed<HeartbeatMessage>('sidekick:heartbeat:lost'),
  heartbeatRestored: typed<HeartbeatMessage>('sidekick:heartbeat:restored'),
  heartbeatPropagated: typed<HeartbeatPropagationMessage>('sidekick:heartbeat:propagated'),
  registryRequest: typed<RegistryRequestMessage>('sidekick:registry:request'),
  requestStart: typed<RequestStartMessage>('sidekick:request:start'),
  requestEnd: typed<RequestEndMessage>('sidekick:request:end'),
  requestRetry: typed<RequestRetryMessage>('sidekick:request:retry'),
  selectionFailure: typed<SelectionFailureMessage>('sidekick:selection:failure'),
  budgetExhausted: typed<BudgetExhaustedMessage>('sidekick:budget:exhausted'),
  ejection: typed<EjectionMessage>('sidekick:ejection'),
  electionChange: typed<ElectionChangeMessage>('sidekick:election:change'),
});

/**
 * Calls `listener` with the messages of one application. An error of the listener is a process warning, since it would
 * end the process otherwise. Returns a function that ends it.
 */
export function listen<Message extends Origin>(
  { name }: TypedChannel<Message>,
  applicationId: string,
  listener: (message: Message) => void,
): () => void {
  const own = (message: unknown): void => {
    try {
      if ((message as Message).applicationId === applicationId) listener(message as Message);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  };
  subscribe(name, own);
  return () => void unsubscribe(name, own);
}
