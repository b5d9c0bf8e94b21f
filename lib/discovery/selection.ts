import { type Freshness } from './cached-service.js';
import { type Endpoint } from './endpoint.js';
import { type ServiceChange, type ServiceState } from './service-change.js';

/** The list of a service that a handle follows: of one registry, or made of several lists. */
export interface Selection extends ServiceState {
  /** The last change since the selection was made; undefined before it. */
  readonly change: ServiceChange | undefined;
  readonly freshness: Freshness;
  /** The URLs of the registries that are read, without secrets; empty before they are open. */
  readonly registries: readonly string[];
  /** Whether the list is empty although the registry has instances: none has the tag or an allowed address. */
  readonly excluded: boolean;
  /** Whether the endpoint is gone from the registry and only kept by the expiry guard. */
  isSuspect(endpoint: Endpoint): boolean;
  /** Calls `listener` with each further change. Returns a function that removes it. */
  subscribe(listener: (change: ServiceChange) => void): () => void;
  /** Resolves at the first answer of every registry. @throws ClosedError when the cache closes first */
  ready(): Promise<void>;
  /** Lists the service again. @throws the error of that list; the last list stays in use */
  refresh(): Promise<void>;
  /** Releases the watch. A second call does nothing. The last list can still be read. */
  close(): Promise<void>;
}
