import { type AbortScope } from '../common/async/abort-scope.js';
import { type ReconnectCoordinator } from '../common/async/reconnect-coordinator.js';
import { type Clock } from '../common/clock.js';
import { type ConnectionPool } from './connection-pool.js';
import { type EndpointSelection } from './endpoint-selection.js';
import { type TokenProvider } from './token-provider.js';

/** What the calls and the streams of one client share. */
export interface EndpointContext {
  readonly clock: Clock;
  /** The client's lifetime. */
  readonly scope: AbortScope;
  readonly pool: ConnectionPool;
  readonly tokens: TokenProvider;
  readonly selection: EndpointSelection;
  readonly reconnect: ReconnectCoordinator;
  /** Milliseconds that one endpoint may take to answer. */
  readonly timeoutMs: number;
  /** Whether the client has credentials, so that a refused token can be replaced. */
  readonly hasCredentials: boolean;
}
