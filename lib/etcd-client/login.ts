import { attempt } from '../common/async/deadline.js';
import { type Clock } from '../common/clock.js';
import { callOptions, wireDeadline } from './call-options.js';
import { classify } from './classify.js';
import { type ConnectionPool } from './connection-pool.js';
import { type EtcdSettings } from './options.js';

/** The deadline of a login. */
export interface LoginOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Logs in at `endpoint`.
 *
 * @returns the auth token; undefined when the server has authentication disabled
 * @throws DeadlineExceededError when the server does not answer in time
 * @throws the error of the raw client
 */
export async function login(
  pool: ConnectionPool,
  endpoint: string,
  { username, password }: NonNullable<EtcdSettings['credentials']>,
  { clock, timeoutMs, signal }: LoginOptions,
): Promise<string | undefined> {
  return await attempt({ clock, timeoutMs, signal, what: `logging in as "${username}"` }, async (ended) => {
    const connection = pool.get(endpoint);
    const options = callOptions({
      token: undefined,
      requireLeader: false,
      deadline: wireDeadline(clock, timeoutMs),
      signal: ended,
      onSignOfLife: () => {
        pool.touch(connection);
      },
    });
    try {
      return (await connection.auth.authenticate({ name: username, password }, options)).token;
    } catch (error) {
      // Credentials may be configured before authentication is enabled on the cluster.
      if (classify(error).reason.includes('authentication is not enabled')) return undefined;
      throw error;
    }
  });
}
