import { CHANNELS } from '../common/diagnostics.js';
import { type Clock } from '../common/clock.js';
import { DeadlineExceededError } from '../common/errors/index.js';
import { type Registry, type Session } from './registry.js';
import { shareConnection } from './shared-connection.js';

/** Whose requests are published. */
export interface RequestOrigin {
  readonly clock: Clock;
  /** Nest's `applicationId`; undefined outside of a Nest application. */
  readonly applicationId: string | undefined;
}

/** Methods that replace those of an object. */
type Methods<T> = { readonly [Name in keyof T]?: T[Name] };

/**
 * Returns a view of `registry` that publishes every request of its user to `sidekick:registry:request`. Watches are no
 * requests: they end with the application or with an error, after which the scope is listed again.
 */
export function observedRegistry(registry: Registry, origin: RequestOrigin): Registry {
  /** Runs one request, and publishes its end unless the caller gave it up. */
  const observe = async <T>(
    operation: string,
    signal: AbortSignal,
    request: () => Promise<T>,
  ): Promise<T> => {
    if (!CHANNELS.registryRequest.hasSubscribers) return await request();
    const startedAt = origin.clock.now();
    const publish = (outcome: 'ok' | 'error'): void => {
      const { clock, applicationId } = origin;
      const durationMs = clock.now() - startedAt;
      const { driver } = registry;
      CHANNELS.registryRequest.publish(
        Object.freeze({ applicationId, registry: driver, operation, outcome, durationMs }),
      );
    };
    try {
      const result = await request();
      publish('ok');
      return result;
    } catch (error) {
      if (!signal.aborted || signal.reason instanceof DeadlineExceededError) publish('error');
      throw error;
    }
  };
  const observedSession = (session: Session): Session =>
    viewOf(session, {
      renew: (signal, patient) => observe('renew', signal, () => session.renew(signal, patient)),
      write: (record, version, signal) =>
        observe('write', signal, () => session.write(record, version, signal)),
      remove: (entryKey, signal, version) =>
        observe('remove', signal, () => session.remove(entryKey, signal, version)),
      end: (signal) => observe('end-session', signal, () => session.end(signal)),
    });
  const discard = registry.discard?.bind(registry);
  const observed = viewOf(registry, {
    openSession: (options, signal) =>
      observe('open-session', signal, async () =>
        observedSession(await registry.openSession(options, signal)),
      ),
    list: (scope, signal) => observe('list', signal, () => registry.list(scope, signal)),
    ...(discard && {
      discard: (entryKey, version, signal) =>
        observe('discard', signal, () => discard(entryKey, version, signal)),
    }),
  });
  shareConnection(observed, registry);
  return observed;
}

/** Returns an object with the methods of `target`, present and future ones, except those that are replaced. */
function viewOf<T extends object>(target: T, replaced: Methods<T>): T {
  return new Proxy(target, {
    get: (_, name) => {
      const own: unknown = Reflect.get(replaced, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
