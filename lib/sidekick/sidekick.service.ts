import { Inject, Injectable } from '@nestjs/common';
import { type Observable, Subject } from 'rxjs';
import { type RegistrationStatus, type RegistrationEvent } from '../registration/registration-status.js';
import { type Registrar, type Registration } from '../registration/registrar.js';
import { type RecordSource } from '../registration/value-updater.js';
import { InvalidOptionError } from '../common/errors/index.js';
import { expected } from '../common/expected.js';
import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { type ElectionClient } from '../election/election-client.js';
import { type RegistrationHints } from '../registry/entry-record.js';
import { RegistrationLog } from './registration-log.js';
import { type Bound } from './announcement.js';
import { type Announcing, CurrentAnnouncement } from './current-announcement.js';
import {
  type AnnouncedService,
  controlsOf,
  type RegisteredKey,
  type ServiceUpdate,
} from './registered-entry.js';
import { LoopbackWarning } from './loopback-warning.js';
import { keyProducer } from './key-producer.js';
import { PrimaryEntries } from './primary-entries.js';
import { type Ready } from './readiness.js';
import { RegistrationSet } from './registration-set.js';
import { SIDEKICK_DEFAULTS } from './sidekick.defaults.js';
import {
  type HeartbeatOptions,
  type ServiceAnnouncement,
  type SidekickModuleOptions,
  type Value,
} from './sidekick.options.js';
import {
  SIDEKICK_ELECTIONS,
  SIDEKICK_REGISTRAR,
  SIDEKICK_LOGGER,
  SIDEKICK_OPTIONS,
  SIDEKICK_REGISTRY_URL,
  SIDEKICK_WAIT_CLOCK,
} from './sidekick.tokens.js';
import {
  checkAnnouncement,
  checkHeartbeatOptions,
  checkKey,
  checkServiceUpdate,
  checkUpdateInterval,
} from './sidekick.validation.js';
import { type SwitchableLogger } from './switchable.logger.js';

type EntryOptions = HeartbeatOptions & Pick<SidekickModuleOptions, 'failFast'>;

/**
 * Registers keys and instances in the registry. Injectable in every module once the root module imports `SidekickModule`.
 * After {@link Sidekick.stop} all methods do nothing, as in Go `sidekick`.
 */
@Injectable()
export class Sidekick {
  /** Private by `#`, so that printing this object shows no password of a registry's URL. */
  readonly #options: SidekickModuleOptions;
  private readonly subject = new Subject<RegistrationEvent>();
  private readonly registrations: RegistrationSet;
  private readonly log: RegistrationLog;
  private deregistering: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;
  private defaults: { ttl: number; updateInterval: number };

  constructor(
    @Inject(SIDEKICK_OPTIONS) options: SidekickModuleOptions,
    @Inject(SIDEKICK_REGISTRAR) private readonly registrar: Registrar,
    @Inject(SIDEKICK_LOGGER) private readonly logger: SwitchableLogger,
    @Inject(SIDEKICK_REGISTRY_URL) url: string,
    @Inject(LoopbackWarning) private readonly loopback: LoopbackWarning,
    @Inject(SIDEKICK_ELECTIONS) private readonly elections: ElectionClient,
    @Inject(SIDEKICK_WAIT_CLOCK) clock: Clock,
    @Inject(PrimaryEntries) private readonly primaries: PrimaryEntries,
  ) {
    this.#options = options;
    this.defaults = {
      ttl: options.ttl ?? SIDEKICK_DEFAULTS.ttl,
      updateInterval: options.updateInterval ?? SIDEKICK_DEFAULTS.updateInterval,
    };
    this.log = new RegistrationLog(logger, url);
    this.registrations = new RegistrationSet({ clock, registrar, log: this.log });
    if (options.enabled === false) {
      this.stopping = Promise.resolve();
      this.subject.complete();
    }
    registrar.onEvent((event) => {
      this.log.log(event);
      this.subject.next(event);
    });
  }

  /** The changes of all registrations. Completes with {@link Sidekick.stop}. */
  get events(): Observable<RegistrationEvent> {
    return this.subject.asObservable();
  }

  /** The status of each registration: state, time of the last acknowledgement and its age in seconds. */
  get beats(): readonly RegistrationStatus[] {
    return this.registrations.statuses;
  }

  /** @internal Why instances are not ready, by key. */
  get notReady(): ReadonlyMap<string, string> {
    return this.registrations.notReady;
  }

  /** Whether {@link Sidekick.stop} has been called, or the module is not `enabled`. */
  get stopped(): boolean {
    return this.stopping !== undefined;
  }

  /**
   * Changes the value of the module's `key` and writes it at once. Resolves when the registry has it, or after 2 s: then it
   * is retried in the background. A key that is not registered yet is registered with this value.
   *
   * @throws InvalidOptionError when the module has no `key`, or the value is not a string or over 64 KiB
   */
  async value(value: Value): Promise<void> {
    if (this.stopped) return;
    const { key } = this.#options;
    if (key === undefined)
      throw new InvalidOptionError('Expected the option `key` of SidekickModule before `value()`, got none.');
    checkKey(key, value);
    await this.primaries.setSource(keyProducer(key, value));
  }

  /**
   * Changes the TTL, in seconds, of the entries of the module's options, and of later registrations. No entry is absent in
   * between.
   *
   * @throws InvalidOptionError synchronously, when it is not an integer from 2 to 2,000,000
   */
  ttl(seconds: number): Promise<void> {
    if (this.stopped) return Promise.resolve();
    checkHeartbeatOptions({ ttl: seconds }, 'ttl()');
    this.defaults = { ...this.defaults, ttl: seconds };
    return this.primaries.setTtl(seconds);
  }

  /**
   * Changes the seconds between two computations of a value. Takes effect at once.
   *
   * @throws IntervalTooSmallError when it is below 1
   * @throws InvalidOptionError when it is not a number, or above 2,000,000
   */
  updateInterval(seconds: number): void {
    if (this.stopped) return;
    checkUpdateInterval(seconds);
    this.defaults = { ...this.defaults, updateInterval: seconds };
    this.primaries.setUpdateInterval(seconds);
  }

  /** Replaces the logger. */
  setLogger(logger: Logger): void {
    if (!this.stopped) this.logger.use(logger);
  }

  /**
   * Deregisters all entries and resigns from all elections until {@link Sidekick.resume}, for maintenance. No method with
   * `@LeaderOnly` or `@Locked` runs. What is registered meanwhile waits for `resume()`. The sessions stay open.
   */
  async pause(): Promise<void> {
    if (this.stopped) return;
    await Promise.all([this.registrations.pause(), this.elections.pause()]);
  }

  /** Registers all entries and campaigns again after {@link Sidekick.pause}. */
  resume(): void {
    if (this.stopped) return;
    this.elections.resume();
    this.registrations.resume();
  }

  /**
   * Registers one more key. Resolves after the first write. During {@link Sidekick.pause} it resolves at once, and the key is
   * registered by {@link Sidekick.resume}; a first write that fails then is logged and retried.
   *
   * @throws InvalidOptionError for a bad key, value or option, or when this process has registered the key already
   * @throws AlreadyHeldError with `exclusive`, when another live session owns the key
   * @throws RegistryUnavailableError, RegistryRefusedError with `failFast`, when the first write fails
   */
  async keep(key: string, value: Value = '', options: HeartbeatOptions = {}): Promise<RegisteredKey> {
    checkKey(key, value);
    checkHeartbeatOptions(options, 'keep()');
    return await this.registerKey(key, keyProducer(key, value), options);
  }

  /**
   * Registers one more instance. Its `port` is required. Resolves after the first write, or as {@link Sidekick.keep} during
   * {@link Sidekick.pause}.
   *
   * @throws as {@link Sidekick.keep}
   */
  async announce(service: ServiceAnnouncement, options: HeartbeatOptions = {}): Promise<AnnouncedService> {
    checkAnnouncement(service, 'announce()');
    checkHeartbeatOptions(options, 'announce()');
    if (service.port === undefined) throw expected('port', 'an integer from 1 to 65535', service.port);
    const bound: Bound = { address: '', port: service.port };
    return await this.announceService({ service, bound, hints: {} }, options);
  }

  /**
   * Changes tags, metadata or weight of the module's `service`, and writes them at once or with the first write.
   *
   * @throws InvalidOptionError when the module announces no service, or for a bad change
   */
  async update(changes: ServiceUpdate): Promise<void> {
    if (this.stopped) return;
    checkServiceUpdate(changes);
    await this.primaries.update(changes);
  }

  /**
   * Deregisters all entries, resigns from all elections and ends all sessions. The signals of running methods with
   * `@LeaderOnly` and `@Locked` are aborted at once. Resolves when the entries are gone from the registry, or after 2 s, and
   * when these methods have ended, or `grace` has passed. A second call waits for the first.
   */
  stop(): Promise<void> {
    const deregistered = this.deregister();
    const graceMs = (this.#options.grace ?? SIDEKICK_DEFAULTS.grace) * 1_000;
    this.stopping ??= Promise.all([deregistered, this.elections.close(graceMs)]).then(() => {
      this.subject.complete();
    });
    return this.stopping;
  }

  /** @internal The first step of {@link Sidekick.stop}: resolves when the entries are gone. Leadership is not released yet. */
  deregister(): Promise<void> {
    this.loopback.close();
    this.registrations.close();
    this.elections.shutdown();
    this.deregistering ??= this.registrar.close();
    return this.deregistering;
  }

  /** @internal Registers the module's own `key`. */
  async registerPrimary(key: string, value: Value): Promise<void> {
    const { changed } = this.primaries;
    const source = changed.source ?? keyProducer(key, value);
    await this.registerKey(key, source, { ...this.#options, ...changed.timing }, (registration) => {
      this.primaries.addKey(registration, changed);
    });
  }

  /** @internal Warns once that the entry `key` is not registered yet. */
  warnWaiting(key: string, message: string): void {
    this.log.waiting(key, message);
  }

  /** @internal Registers a service of the module's options. Resolves after the first attempt to write it. */
  async announcePrimary(
    service: ServiceAnnouncement,
    bound: Bound,
    options: EntryOptions,
    hints: RegistrationHints,
  ): Promise<void> {
    const { changed } = this.primaries;
    await this.announceService(
      { service: { ...service, ...changed.service }, bound, hints },
      { ...options, ...changed.timing },
      (registration, announced) => {
        this.primaries.addService(registration, announced, changed);
      },
    );
  }

  private async registerKey(
    key: string,
    source: RecordSource,
    options: EntryOptions,
    onRegistered?: (registration: Registration) => void,
  ): Promise<RegisteredKey> {
    this.log.describe(key, `key "${key}"`);
    let registration: Registration | undefined;
    await this.add(key, source, options, (added) => {
      registration = added;
      onRegistered?.(added);
    });
    return {
      key,
      value: async (next) => {
        if (this.stopped) return;
        checkKey(key, next);
        await registration?.update(keyProducer(key, next));
      },
      ...controlsOf(
        () => registration,
        () => this.registrations.remove(key, registration),
      ),
    };
  }

  private async announceService(
    announcing: Announcing,
    options: EntryOptions,
    onRegistered?: (registration: Registration, announced: AnnouncedService) => void,
  ): Promise<AnnouncedService> {
    const current = new CurrentAnnouncement(announcing);
    const { key } = current;
    let registration: Registration | undefined;
    const announced: AnnouncedService = {
      get instance() {
        return current.instance;
      },
      update: async (changes) => {
        if (this.stopped) return;
        current.change(changes);
        const { record } = current;
        await registration?.update(record);
      },
      ...controlsOf(
        () => registration,
        () => this.registrations.remove(key, registration),
      ),
    };
    this.log.describe(key, current.description);
    const onAdded = (added: Registration): void => {
      registration = added;
      onRegistered?.(added, announced);
    };
    await this.add(key, current.record, options, onAdded, announcing.service.ready);
    void this.loopback.check(current.instance);
    return announced;
  }

  /** Registers an entry and waits for the first write. Does nothing after `stop()`. */
  private async add(
    key: string,
    source: RecordSource,
    options: EntryOptions,
    onRegistered: (registration: Registration) => void,
    ready?: Ready,
  ): Promise<void> {
    if (this.stopped) return;
    await this.registrations.add({
      key,
      source,
      options: {
        ttl: options.ttl ?? this.defaults.ttl,
        updateInterval: options.updateInterval ?? this.defaults.updateInterval,
        exclusive: options.exclusive ?? SIDEKICK_DEFAULTS.exclusive,
      },
      failFast: options.failFast ?? this.#options.failFast ?? SIDEKICK_DEFAULTS.failFast,
      ready,
      onRegistered,
    });
  }
}
