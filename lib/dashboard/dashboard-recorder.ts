import { type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Subscription } from 'rxjs';
import { type Clock, type Timer } from '../common/clock.js';
import { CHANNELS, type EjectionMessage, type ElectionChangeMessage, listen } from '../common/diagnostics.js';
import { type ServiceChange } from '../discovery/service-change.js';
import { type RegistrationEvent } from '../registration/registration-status.js';
import { CallWindow, countersOf, SAMPLE_INTERVAL_MS } from './call-window.js';
import { Journal } from './journal.js';
import { type Sources } from './sources.js';

/** Ids that one line of the journal names. */
const MAX_IDS = 5;

/** Dependencies of {@link DashboardRecorder}. */
export interface DashboardRecorderDeps {
  readonly sources: Sources;
  readonly applicationId: string;
  readonly clock: Clock;
}

/** Records what the page shows of the past, also while no page is open: the journal, and the calls of the last minute. */
export class DashboardRecorder implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly journal: Journal;
  readonly calls = new CallWindow();
  private readonly stale = new Map<string, boolean>();
  private readonly subscriptions: Subscription[] = [];
  private readonly ends: (() => void)[] = [];
  private timer: Timer | undefined;
  private hasBooted = false;

  constructor(private readonly deps: DashboardRecorderDeps) {
    this.journal = new Journal(() => deps.clock.wall());
  }

  /** A second call does nothing: Nest runs the hooks twice when a microservice is initialised before it listens. */
  onApplicationBootstrap(): void {
    if (this.hasBooted) return;
    this.hasBooted = true;
    const { discovery, sidekick } = this.deps.sources;
    if (discovery) this.subscriptions.push(discovery.changes.subscribe((change) => this.onChange(change)));
    if (sidekick) this.subscriptions.push(sidekick.events.subscribe((event) => this.onRegistration(event)));
    const { applicationId } = this.deps;
    this.ends.push(
      listen(CHANNELS.ejection, applicationId, (message) => this.onEjection(message)),
      listen(CHANNELS.electionChange, applicationId, (message) => this.onElection(message)),
    );
    this.sample();
  }

  onApplicationShutdown(): void {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    for (const end of this.ends) end();
    this.timer?.cancel();
  }

  private sample(): void {
    const services = this.deps.sources.discovery?.dump().services ?? [];
    this.calls.add(new Map(services.map(({ name, endpoints }) => [name, countersOf(endpoints)])));
    for (const { name, stale, error } of services) this.onStale(name, stale, error);
    this.timer = this.deps.clock.after(SAMPLE_INTERVAL_MS, () => {
      this.sample();
    });
  }

  private onStale(service: string, stale: boolean, error: string | undefined): void {
    const before = this.stale.get(service);
    this.stale.set(service, stale);
    if (before === undefined || before === stale) return;
    this.journal.add(
      stale
        ? {
            topic: 'stale',
            level: 'warning',
            subject: service,
            text: `the list is stale: ${error ?? 'no answer'}`,
          }
        : { topic: 'stale', level: 'info', subject: service, text: 'the list is up to date again' },
    );
  }

  private onChange({ service, added, updated, removed, endpoints }: ServiceChange): void {
    const parts = [
      ids(added, 'added'),
      ids(updated, 'changed'),
      ids(removed, 'removed'),
      `now ${endpoints.length}`,
    ].filter((part) => part !== '');
    this.journal.add({ topic: 'change', level: 'info', subject: service, text: parts.join('; ') });
  }

  private onRegistration({ type, key, reason }: RegistrationEvent): void {
    const level = type === 'lost' || type === 'late' ? 'warning' : 'info';
    const text = reason === undefined ? type : `${type}: ${reason}`;
    this.journal.add({ topic: 'registration', level, subject: key, text });
  }

  private onEjection(message: EjectionMessage): void {
    const { service, endpoint, type, rule, enforced, durationMs } = message;
    const name = `${endpoint.id} at ${endpoint.address}:${endpoint.port}`;
    const text =
      type === 'returned'
        ? `${name} is picked again`
        : `${name} ${enforced ? 'is' : 'would be'} left out for ${Math.round(durationMs / 1_000)} s (${rule})`;
    this.journal.add({
      topic: 'ejection',
      level: type === 'returned' ? 'info' : 'warning',
      subject: service,
      text,
    });
  }

  private onElection({ election, type, term, leader, reason }: ElectionChangeMessage): void {
    const text = {
      elected: `this instance leads, term ${term ?? '?'}`,
      deposed: `this instance no longer leads (${reason ?? 'unknown'})`,
      leader: leader === undefined ? 'no leader is known' : `${leader} leads, term ${term ?? '?'}`,
    }[type];
    this.journal.add({
      topic: 'election',
      level: type === 'deposed' ? 'warning' : 'info',
      subject: election,
      text,
    });
  }
}

function ids(endpoints: readonly { readonly id: string }[], verb: string): string {
  if (endpoints.length === 0) return '';
  const names = endpoints.slice(0, MAX_IDS).map(({ id }) => id);
  const more = endpoints.length - names.length;
  return `${verb} ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
