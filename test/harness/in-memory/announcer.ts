import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { completeInstance, type PartialInstance } from '../../../lib/registry/instance.js';
import { type Registry, type Session } from '../../../lib/registry/registry.js';
import { type RegistrySource } from '../../../lib/registry/registry-source.js';
import { until } from '../wait.js';

type Announced = Partial<PartialInstance> & { readonly id: string };

/** Registers and deregisters instances, as other processes do. */
export class Announcer {
  private constructor(
    private readonly registry: Registry,
    private readonly session: Session,
    private readonly service: string,
  ) {}

  static async on(source: RegistrySource, service = 'web'): Promise<Announcer> {
    const registry = await source.open({ clock: systemClock, random: Math.random, logger: silentLogger });
    const session = await registry.openSession({ ttl: 60 }, new AbortController().signal);
    return new Announcer(registry, session, service);
  }

  async announce(...instances: (string | Announced)[]): Promise<void> {
    for (const given of instances) {
      const more = typeof given === 'string' ? { id: given } : given;
      const port = 8_000 + more.id.charCodeAt(0);
      const instance = completeInstance({ service: this.service, address: '10.0.0.1', port, ...more });
      const { signal } = new AbortController();
      const first = await this.session.write({ kind: 'instance', instance }, undefined, signal);
      if (!first.ok) await this.session.write({ kind: 'instance', instance }, first.current?.version, signal);
    }
  }

  async withdraw(...ids: string[]): Promise<void> {
    for (const id of ids)
      await this.session.remove(
        { kind: 'instance', service: this.service, id },
        new AbortController().signal,
      );
  }

  async end(): Promise<void> {
    await this.session.end(new AbortController().signal);
    await this.registry.close();
  }
}

/** Waits until `condition` holds, as long as {@link until} by default. */
export async function eventually(condition: () => boolean): Promise<void> {
  await until(String(condition), condition, { every: 5 });
}
