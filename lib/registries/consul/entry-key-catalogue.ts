import { type Clock } from '../../common/clock.js';
import { type InstanceKey } from '../../registry/entry-record.js';
import { type ConsulClient } from './client.js';
import { type HealthEntry } from './health-entry.js';
import { ServiceCatalogue } from './service-catalogue.js';

/** The catalogue of the servers, by entry key. The agent updates it after its own state. */
export class EntryKeyCatalogue {
  /** The services with a read or a wait in progress. */
  private readonly services = new Map<string, ServiceCatalogue>();

  constructor(
    private readonly client: ConsulClient,
    private readonly clock: Clock,
  ) {}

  /**
   * Registrations of the service, among them all under the entry key, by a consistent read.
   *
   * @throws RegistryRefusedError when there is none because the token may not read the service
   */
  async read(entryKey: InstanceKey, signal: AbortSignal): Promise<readonly HealthEntry[]> {
    return await this.within(entryKey, (service) => service.read(entryKey, signal));
  }

  /**
   * Waits until the catalogue has a change of the agent. Other clients see the change only then.
   *
   * @param find returns the expected result, or undefined while the catalogue does not have it
   * @throws RegistryUnavailableError when the catalogue has no change that is waited for within 5 s
   */
  async waitFor<T>(
    entryKey: InstanceKey,
    signal: AbortSignal,
    find: (all: readonly HealthEntry[]) => T | undefined,
  ): Promise<T> {
    return await this.within(entryKey, (service) => service.waitFor(entryKey, signal, find));
  }

  private async within<T>(
    { service }: InstanceKey,
    run: (catalogue: ServiceCatalogue) => Promise<T>,
  ): Promise<T> {
    const catalogue = this.services.get(service) ?? new ServiceCatalogue(this.client, this.clock, service);
    this.services.set(service, catalogue);
    try {
      return await run(catalogue);
    } finally {
      if (catalogue.idle && this.services.get(service) === catalogue) this.services.delete(service);
    }
  }
}
