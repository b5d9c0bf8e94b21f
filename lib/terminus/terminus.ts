import type { HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { peerFailure } from '../common/optional-peer.js';

/** The result of an indicator: its key, with a status and details. */
export type Result<Key extends string> = HealthIndicatorResult<Key>;

/** Details of a result. Terminus merges them with the status. */
export type Details = Readonly<Record<string, unknown>>;

/** Terminus's builder of results. Terminus 11 has no `degraded`. */
interface Session<Key extends string> {
  up(details: Details): Result<Key>;
  down(details: Details): Result<Key>;
  degraded?(details: Details): Result<Key>;
}

/** Builds results with Terminus's own service. */
export class Terminus {
  private constructor(private readonly service: Pick<HealthIndicatorService, 'check'>) {}

  /** @throws MissingPeerError when the package `@nestjs/terminus` is not installed */
  static async load(): Promise<Terminus> {
    try {
      const { HealthIndicatorService: Service } = await import('@nestjs/terminus');
      return new Terminus(new Service());
    } catch (error) {
      throw peerFailure(error, '@nestjs/terminus', 'SidekickHealthModule');
    }
  }

  up<Key extends string>(key: Key, details: Details): Result<Key> {
    return this.session(key).up(details);
  }

  down<Key extends string>(key: Key, details: Details): Result<Key> {
    return this.session(key).down(details);
  }

  /** Terminus 11 knows up and down only: there the result is `up` with `stale: true`. */
  degraded<Key extends string>(key: Key, details: Details): Result<Key> {
    const session = this.session(key);
    return session.degraded?.(details) ?? session.up({ ...details, stale: true });
  }

  private session<Key extends string>(key: Key): Session<Key> {
    return this.service.check(key);
  }
}
