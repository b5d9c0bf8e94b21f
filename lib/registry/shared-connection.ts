import { ReconnectCoordinator, type ReconnectDeps } from '../common/async/reconnect-coordinator.js';
import { Semaphore } from '../common/async/semaphore.js';
import { DeadlineExceededError, RegistryUnavailableError } from '../common/errors/index.js';
import { type Registry } from './registry.js';

/** What all users of one registry connection share. */
export interface SharedConnection {
  readonly reconnect: ReconnectCoordinator;
  /** Limits concurrent list requests, so that thousands of readers do not list at the same moment. */
  readonly listSemaphore: Semaphore;
}

const MAX_CONCURRENT_LISTS = 64;

const connections = new WeakMap<Registry, SharedConnection>();

/** The registries of views. */
const viewed = new WeakMap<Registry, Registry>();

/** Makes the users of `view`, which is another object for the same connection, share what those of `registry` share. */
export function shareConnection(view: Registry, registry: Registry): void {
  viewed.set(view, registry);
}

/** Returns what the users of `registry` share. `deps` are used only when it is created. */
export function sharedConnectionOf(registry: Registry, deps: ReconnectDeps): SharedConnection {
  const connection = connectionOf(registry);
  return connections.get(connection) ?? share(connection, new ReconnectCoordinator(deps));
}

/** Makes all users of `registry` share the coordinator with which its driver reconnects its own streams. */
export function shareReconnect(registry: Registry, reconnect: ReconnectCoordinator): void {
  share(registry, reconnect);
}

/** Whether the last request of any user of `registry` reached it; true before the first. */
export function isConnected(registry: Registry): boolean {
  return connections.get(connectionOf(registry))?.reconnect.unreachable !== true;
}

/** Whether an error means that the registry could not be reached, in contrast to an error response. */
export function isUnreachable(error: unknown): error is RegistryUnavailableError | DeadlineExceededError {
  return error instanceof RegistryUnavailableError || error instanceof DeadlineExceededError;
}

function connectionOf(registry: Registry): Registry {
  return viewed.get(registry) ?? registry;
}

function share(registry: Registry, reconnect: ReconnectCoordinator): SharedConnection {
  const connection = { reconnect, listSemaphore: new Semaphore(MAX_CONCURRENT_LISTS) };
  connections.set(registry, connection);
  return connection;
}
