import { Inject, Injectable } from '@nestjs/common';
import { InvalidOptionError } from '../common/errors/index.js';
import { withoutUndefined } from '../common/without-undefined.js';
import { type ContainerPilotConfig } from '../containerpilot/config.js';
import { type Registration } from '../registration/registrar.js';
import { type RecordSource } from '../registration/value-updater.js';
import { plannedServices } from './planned-service.js';
import { type AnnouncedService, type ServiceUpdate } from './registered-entry.js';
import { type HeartbeatOptions, type SidekickModuleOptions } from './sidekick.options.js';
import { SIDEKICK_CONFIG, SIDEKICK_OPTIONS } from './sidekick.tokens.js';

/** What the application has changed of the entries of the module's options. Immutable. */
export interface PrimaryChanges {
  /** The source of the key; undefined: that of the options. */
  readonly source: RecordSource | undefined;
  readonly service: ServiceUpdate;
  readonly timing: Pick<HeartbeatOptions, 'ttl' | 'updateInterval'>;
}

/**
 * The entries that the module's options name. Keys are registered after all other modules have started, and services once the
 * server listens: a change before that is remembered, and the entry begins with it.
 */
@Injectable()
export class PrimaryEntries {
  private readonly announces: boolean;
  private readonly registrations: Registration[] = [];
  private readonly services: AnnouncedService[] = [];
  private key: Registration | undefined;
  private changes: PrimaryChanges = { source: undefined, service: {}, timing: {} };

  constructor(
    @Inject(SIDEKICK_OPTIONS) options: SidekickModuleOptions,
    @Inject(SIDEKICK_CONFIG) config: ContainerPilotConfig | undefined,
  ) {
    this.announces = plannedServices(options, config).length > 0;
  }

  /** The changes so far. An entry that is registered now begins with them. */
  get changed(): PrimaryChanges {
    return this.changes;
  }

  /** @param begun the changes with which the key began */
  addKey(registration: Registration, begun: PrimaryChanges): void {
    this.key = registration;
    this.add(registration, begun);
    const { source } = this.changes;
    if (source !== undefined && source !== begun.source) void registration.update(source);
  }

  /** @param begun the changes with which the service began */
  addService(registration: Registration, service: AnnouncedService, begun: PrimaryChanges): void {
    this.services.push(service);
    this.add(registration, begun);
    if (this.changes.service !== begun.service) void service.update(this.changes.service);
  }

  async setSource(source: RecordSource): Promise<void> {
    this.changes = { ...this.changes, source };
    await this.key?.update(source);
  }

  async setTtl(ttl: number): Promise<void> {
    this.changes = { ...this.changes, timing: { ...this.changes.timing, ttl } };
    await Promise.all(this.registrations.map((registration) => registration.setTtl(ttl)));
  }

  setUpdateInterval(updateInterval: number): void {
    this.changes = { ...this.changes, timing: { ...this.changes.timing, updateInterval } };
    for (const registration of this.registrations) registration.setUpdateInterval(updateInterval);
  }

  /** @throws InvalidOptionError when the module's options name no service */
  async update(changes: ServiceUpdate): Promise<void> {
    if (!this.announces)
      throw new InvalidOptionError(
        'Expected the option `service` of SidekickModule, or a service in the file of `config`, before `update()`, got none. Add one, or call `update()` of the service that `Sidekick.announce()` returns.',
      );
    const service = { ...this.changes.service, ...withoutUndefined(changes) };
    this.changes = { ...this.changes, service };
    await Promise.all(this.services.map((announced) => announced.update(changes)));
  }

  private add(registration: Registration, { timing }: PrimaryChanges): void {
    this.registrations.push(registration);
    const { ttl, updateInterval } = this.changes.timing;
    if (ttl !== undefined && ttl !== timing.ttl) void registration.setTtl(ttl);
    if (updateInterval !== undefined && updateInterval !== timing.updateInterval)
      registration.setUpdateInterval(updateInterval);
  }
}
