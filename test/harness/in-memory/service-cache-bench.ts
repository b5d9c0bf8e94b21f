import { ServiceCache, type ServiceCacheOptions } from '../../../lib/discovery/service-cache.js';
import { type ServiceChange } from '../../../lib/discovery/service-change.js';
import { type ServiceSelection } from '../../../lib/discovery/service-selection.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { ScriptedRegistry } from './scripted-registry.js';

/** {@link ServiceCache}s over a scripted registry, on a virtual clock. */
export class ServiceCacheBench {
  readonly clock = new VirtualClock();
  readonly registry = new ScriptedRegistry();
  readonly warnings: string[] = [];
  private readonly caches: ServiceCache[] = [];

  make(more: Partial<ServiceCacheOptions> = {}): ServiceCache {
    const logger = {
      log: () => undefined,
      warn: (text: string) => this.warnings.push(text),
      error: (text: string) => this.warnings.push(text),
    };
    const made = new ServiceCache({ clock: this.clock, random: () => 0.5, logger, ...more });
    this.caches.push(made);
    return made;
  }

  async started(more: Partial<ServiceCacheOptions> = {}): Promise<ServiceCache> {
    const made = this.make(more);
    await made.start(this.registry);
    return made;
  }

  async closeCaches(): Promise<void> {
    await Promise.all(this.caches.map((cache) => cache.close()));
  }

  /** Closes the caches, and checks that no timer and no watch is left. */
  async close(): Promise<void> {
    await this.closeCaches();
    expect(this.clock.pending).toBe(0);
    expect(this.registry.open).toBe(0);
  }
}

/** The changes of a selection from now on. */
export function record(selection: ServiceSelection): ServiceChange[] {
  const changes: ServiceChange[] = [];
  selection.subscribe((change) => changes.push(change));
  return changes;
}

export const ids = (selection: { readonly endpoints: readonly { readonly id: string }[] }): string[] =>
  selection.endpoints.map(({ id }) => id);
