import { setMaxListeners } from 'node:events';
import {
  type RegistrationEvent,
  type RegistrationState,
  type RegistrationStatus,
} from '../registration-status.js';
import { type Registrar, type RegistrationOptions, type Registration } from '../registrar.js';
import { computeFirstRecord, type RecordSource } from '../value-updater.js';
import { type Ticker } from '../ticker.js';
import { type Clock } from '../../common/clock.js';
import { AbortScope } from '../../common/async/abort-scope.js';
import { attempt } from '../../common/async/deadline.js';
import { type Logger } from '../../common/logger.js';
import { registryPool } from '../../registry/registry-pool.js';
import { LastStates } from './last-states.js';
import { type Answer, type Report, type Request, type Result, type StatusReport } from './protocol.js';
import { WorkerRegistration } from './worker-registration.js';
import { type SendRequest, type WorkerThread } from './worker-thread.js';

/** Dependencies of a {@link WorkerRegistrar}. */
export interface WorkerRegistrarDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ticker: Ticker;
  readonly thread: Pick<WorkerThread, 'use' | 'running' | 'request' | 'requestOnce'>;
}

/** Milliseconds for which a worker may deregister its entries: more than its registrar needs. */
const CLOSE_TIMEOUT_MS = 1_950;

/**
 * A registrar in a worker thread, whose renewals continue while the event loop of the main thread is blocked. Values are
 * computed in the main thread; the worker has the last one of each.
 */
export class WorkerRegistrar implements Registrar {
  private readonly registrations = new Set<WorkerRegistration>();
  private readonly listeners = new Set<(event: RegistrationEvent) => void>();
  private readonly leave: () => Promise<void>;
  private connections = 0;
  private readonly lastStates = new LastStates();
  private received: StatusReport['statuses'] = [];
  private receivedAt = 0;
  /** The states that events have shown since the last report of all statuses. */
  private readonly statesSince = new Map<string, RegistrationState>();
  private connection: StatusReport['connection'] | undefined;
  private endConnection: (() => void) | undefined;
  private readonly lifetime = new AbortScope('The sidekick');

  constructor(private readonly deps: WorkerRegistrarDeps) {
    // Every first value that is computed listens to this signal, which is no leak.
    setMaxListeners(0, this.lifetime.signal);
    this.leave = deps.thread.use({
      onReport: (report) => {
        this.receive(report);
      },
      onEnded: () => {
        this.statesSince.clear();
      },
      restore: (send) => this.reregister(send),
    });
  }

  get statuses(): readonly RegistrationStatus[] {
    const { reported } = this;
    const keys = new Set(reported.map(({ key }) => key));
    const unreported = [...this.registrations].filter(({ key }) => !keys.has(key));
    return [...reported, ...unreported.map((registration) => this.unreported(registration))];
  }

  onEvent(listener: (event: RegistrationEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  async register(
    key: string,
    source: RecordSource,
    options: RegistrationOptions,
    isPaused = (): boolean => false,
  ): Promise<Registration> {
    const { clock, logger, ticker } = this.deps;
    const first = { clock, logger, signal: this.lifetime.signal };
    const record = await computeFirstRecord(first, key, source, options.updateInterval * 1000);
    this.lastStates.delete(key);
    const paused = isPaused();
    const id = (await this.request({ kind: 'register', key, record, options, paused })) as string;
    this.lifetime.assertOpen();
    const registration = new WorkerRegistration(
      {
        clock,
        logger,
        ticker,
        request: (request) => this.request(request),
        status: () => this.reported.find((status) => status.key === key) ?? this.unreported(registration),
        onStop: () => {
          this.registrations.delete(registration);
          this.lastStates.delete(key);
        },
      },
      { id, key, record, source, paused },
      options,
    );
    this.registrations.add(registration);
    registration.start();
    return registration;
  }

  async connect(ttl: number): Promise<() => void> {
    this.connections += 1;
    const connection = this.connections;
    await this.request({ kind: 'connect', ttl, connection });
    return () => void this.request({ kind: 'disconnect', connection }).catch(() => undefined);
  }

  async close(): Promise<void> {
    if (this.lifetime.closed) return;
    const { clock, logger, thread } = this.deps;
    for (const registration of this.registrations) registration.end();
    this.lifetime.close();
    this.endConnection?.();
    const what = 'Ending the heartbeat thread';
    await attempt({ clock, timeoutMs: CLOSE_TIMEOUT_MS, what }, async () => {
      if (thread.running) await thread.requestOnce({ kind: 'close' });
    }).catch((error: unknown) => {
      logger.warn((error as Error).message);
    });
    await this.leave();
    this.registrations.clear();
    this.listeners.clear();
  }

  /** The statuses of the entries that the worker has reported. */
  private get reported(): readonly RegistrationStatus[] {
    const { clock } = this.deps;
    const sinceMs = clock.now() - this.receivedAt;
    return this.received.map(({ key, state: before, age, service, expiresIn: reported }) => {
      const state = this.statesSince.get(key) ?? before;
      const expiresIn = reported === undefined ? undefined : reported - sinceMs / 1_000;
      const common = { key, state, service, expiresIn };
      if (age === undefined) return Object.freeze({ ...common, lastAck: undefined, age });
      const ageMs = age * 1_000 + sinceMs;
      return Object.freeze({ ...common, lastAck: new Date(clock.wall() - ageMs), age: ageMs / 1_000 });
    });
  }

  /** The status of an entry that the worker has not reported yet. */
  private unreported({ key, record, paused }: WorkerRegistration): RegistrationStatus {
    const service = record.kind === 'instance' ? record.instance.service : undefined;
    const state = this.statesSince.get(key) ?? (paused ? 'paused' : 'starting');
    return Object.freeze({ key, state, service, lastAck: undefined, age: undefined });
  }

  private async reregister(send: SendRequest): Promise<void> {
    if (this.lifetime.closed) return;
    const taken = [...this.registrations].map(async ({ key, record, options, paused }) => {
      await send({
        kind: 'register',
        key,
        record,
        options: this.lastStates.optionsAfterRestart(key, options),
        paused,
      });
    });
    await Promise.allSettled(taken);
  }

  private receive(report: Exclude<Report, Answer>): void {
    if (report.kind === 'statuses') {
      this.received = report.statuses;
      this.statesSince.clear();
      this.lastStates.report(report.statuses);
      this.connection = report.connection;
      this.receivedAt = this.deps.clock.now();
      this.endConnection ??= registryPool.include(() => this.connection);
    } else if (report.kind === 'event') {
      const state = stateAfter(report.event);
      if (state) this.statesSince.set(report.event.key, state);
      else this.statesSince.delete(report.event.key);
      for (const listener of [...this.listeners]) listener(report.event);
    }
  }

  private async request(request: Request): Promise<Result> {
    this.lifetime.assertOpen();
    return await this.deps.thread.request(request);
  }
}

/** The state that an event shows; undefined where it is paused, or deregistered for good. */
function stateAfter({ type, reason }: RegistrationEvent): RegistrationState | undefined {
  switch (type) {
    case 'alive':
    case 'restored':
      return 'alive';
    case 'late':
      return 'late';
    case 'lost':
      return reason === 'taken-over' ? 'standby' : 'lost';
    case 'stopped':
      return undefined;
  }
}
