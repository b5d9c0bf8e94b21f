import { Inject, Injectable } from '@nestjs/common';
import { type ServiceName } from '../common/declared-names.js';
import { messageOf } from '../common/thrown.js';
import { heartbeatVerdict } from './heartbeat-verdict.js';
import { Leaving } from './leaving.js';
import { servicesVerdict } from './services-verdict.js';
import { HealthSources } from './sources.js';
import { type Result, Terminus } from './terminus.js';
import { type Verdict, worst } from './verdict.js';

/**
 * Health indicators for `@nestjs/terminus` 11 and 12. They read the state of the application, never ask the registry and
 * never throw. A registry that is away is `degraded`, never `down`: the application works on with what it knows, and a
 * restart would only lose that. Use them for readiness, not for liveness.
 *
 * ```ts
 * @Get() @HealthCheck()
 * check() {
 *   return this.health.check([
 *     () => this.sidekick.heartbeat('heartbeat'),
 *     () => this.sidekick.services('services', ['billing']),
 *     () => this.sidekick.registry('registry'),
 *   ]);
 * }
 * ```
 */
@Injectable()
export class SidekickHealthIndicator {
  constructor(
    @Inject(Terminus) private readonly terminus: Terminus,
    @Inject(HealthSources) private readonly sources: HealthSources,
    @Inject(Leaving) private readonly leaving: Leaving,
  ) {}

  /**
   * The application's own registrations. `down` from the start of the shutdown on, and while a registration is lost although
   * the registry answers (taken over, deleted, refused). `degraded` while the registry is away, and for 10 seconds after its
   * return, in which the application registers again.
   *
   * @param key the key of the result
   */
  heartbeat<Key extends string>(key: Key): Result<Key> {
    return this.result(key, () => heartbeatVerdict(this.sources.heartbeat(this.leaving.begun)));
  }

  /**
   * The services that the application uses. `degraded` while a list may be out of date. `down` while one of `names` has no
   * endpoint.
   *
   * @param key the key of the result
   * @param names the services without which the application cannot work; left out, all in use are reported, none as `down`
   */
  services<Key extends string>(key: Key, names?: readonly ServiceName[]): Result<Key> {
    return this.result(key, () => servicesVerdict(this.sources.services(names), names !== undefined));
  }

  /**
   * Whether the registry can be reached: `up` or `degraded`, never `down`.
   *
   * @param key the key of the result
   */
  registry<Key extends string>(key: Key): Result<Key> {
    return this.result(key, () => {
      const registry = this.sources.registry();
      const stale = [...this.sources.services(undefined)].filter(([, state]) => state?.stale === true);
      const registries = registry && {
        [registry.url]: {
          reachable: !registry.unreachable,
          ...(registry.error === undefined ? {} : { error: registry.error }),
        },
      };
      return {
        status: worst([registry?.unreachable === true || stale.length > 0 ? 'degraded' : 'up']),
        details: { ...(registries && { registries }), staleServices: stale.length },
      };
    });
  }

  /** Terminus fails the whole check with status 500 when an indicator throws. */
  private result<Key extends string>(key: Key, find: () => Verdict): Result<Key> {
    try {
      const { status, details } = find();
      return this.terminus[status](key, details);
    } catch (error) {
      return this.terminus.degraded(key, { error: messageOf(error) });
    }
  }
}
