import { joinHostPort } from '../common/address.js';
import { withoutUndefined } from '../common/without-undefined.js';
import { type EntryRecord, type RegistrationHints } from '../registry/entry-record.js';
import { type Instance } from '../registry/instance.js';
import { announcedAddress, announcedInstance, type Bound, uniqueId } from './announcement.js';
import { type ServiceUpdate } from './registered-entry.js';
import { type ServiceAnnouncement } from './sidekick.options.js';
import { checkServiceUpdate } from './sidekick.validation.js';

/** A service to announce, and where its server is bound. */
export interface Announcing {
  readonly service: ServiceAnnouncement;
  readonly bound: Bound;
  readonly hints: RegistrationHints;
}

/** The instance that an announcement registers, with the changes made since. */
export class CurrentAnnouncement {
  readonly key: string;
  instance: Instance;
  private service: ServiceAnnouncement & { readonly id: string };
  private readonly address: string;
  private readonly hints: RegistrationHints;

  /** @throws NoAddressError */
  constructor({ service, bound, hints }: Announcing) {
    this.service = { ...service, id: service.id ?? uniqueId() };
    this.hints = hints;
    this.address = announcedAddress(service, bound);
    this.instance = announcedInstance(this.service, this.address, service.port ?? bound.port);
    this.key = `${this.service.name}/${this.service.id}`;
  }

  /** For log lines. */
  get description(): string {
    const { name, id } = this.service;
    return `service "${name}" as "${id}" at ${joinHostPort(this.instance.address, this.instance.port)}`;
  }

  get record(): EntryRecord {
    return { kind: 'instance', instance: this.instance, hints: this.hints };
  }

  /** @throws InvalidOptionError for a bad change */
  change(changes: ServiceUpdate): void {
    checkServiceUpdate(changes);
    this.service = { ...this.service, ...withoutUndefined(changes) };
    this.instance = announcedInstance(this.service, this.address, this.instance.port);
  }
}
