import { type RegistrationStatus, type RegistrationEvent } from '../registration-status.js';
import { type Registrar, type RegistrationOptions, type Registration } from '../registrar.js';
import { computeFirstRecord, type RecordSource } from '../value-updater.js';
import { type Ticker } from '../ticker.js';
import { type Clock } from '../../common/clock.js';
import { attempt } from '../../common/async/deadline.js';
import { ClosedError } from '../../common/errors/index.js';
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
  readonly thread: WorkerThread;
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
  private connection: StatusReport['connection'] | undefined;
  private endConnection: (() => void) | undefined;
  private closed = false;

  constructor(private readonly deps: WorkerRegistrarDeps) {
    this.leave = deps.thread.use({
      onReport: (report) => {
        this.receive(report);
      },
      restore: (send) => this.reregister(send),
    });
  }

  get statuses(): readonly RegistrationStatus[] {
    const { clock } = this.deps;
    const sinceMs = clock.now() - this.receivedAt;
    return this.received.map(({ key, state, age, service, expiresIn: reported }) => {
      const expiresIn = reported === undefined ? undefined : reported - sinceMs / 1_000;
      const common = { key, state, service, expiresIn };
      if (age === undefined) return Object.freeze({ ...common, lastAck: undefined, age });
      const ageMs = age * 1_000 + sinceMs;
      return Object.freeze({ ...common, lastAck: new Date(clock.wall() - ageMs), age: ageMs / 1_000 });
    });
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
    const record = await computeFirstRecord({ clock, logger }, key, source, options.updateInterval * 1000);
    this.lastStates.delete(key);
    const paused = isPaused();
    const id = (await this.request({ kind: 'register', key, record, options, paused })) as string;
    const registration = new WorkerRegistration(
      {
        clock,
        logger,
        ticker,
        request: (request) => this.request(request),
        status: () => this.statuses.find((status) => status.key === key),
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
    if (this.closed) return;
    const { clock, logger, thread } = this.deps;
    for (const registration of this.registrations) registration.end();
    this.closed = true;
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

  private async reregister(send: SendRequest): Promise<void> {
    if (this.closed) return;
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
      this.lastStates.report(report.statuses);
      this.connection = report.connection;
      this.receivedAt = this.deps.clock.now();
      this.endConnection ??= registryPool.include(() => this.connection);
    } else if (report.kind === 'event') {
      for (const listener of [...this.listeners]) listener(report.event);
    }
  }

  private async request(request: Request): Promise<Result> {
    if (this.closed) throw new ClosedError('The sidekick');
    return await this.deps.thread.request(request);
  }
}
