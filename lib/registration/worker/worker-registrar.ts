import { Worker } from 'node:worker_threads';
import { type RegistrationStatus, type RegistrationEvent } from '../registration-status.js';
import { type Registrar, type RegistrationOptions, type Registration } from '../registrar.js';
import { computeFirstRecord, type RecordSource } from '../value-updater.js';
import { type Ticker } from '../ticker.js';
import { Backoff } from '../../common/async/backoff.js';
import { type Clock, type Timer } from '../../common/clock.js';
import { attempt } from '../../common/async/deadline.js';
import { type Deferred, deferred } from '../../common/async/deferred.js';
import { ClosedError } from '../../common/errors/index.js';
import { type Logger } from '../../common/logger.js';
import { type Random } from '../../common/random.js';
import { registryPool } from '../../registry/registry-pool.js';
import { startPulse } from './hang-watch.js';
import { type StatusReport, type Report, type Request, type WorkerSettings } from './protocol.js';
import { type Result, WorkerRegistration } from './worker-registration.js';
import { publishForwarded } from './worker-diagnostics.js';
import { startFailure, workerFile } from './worker-file.js';
import { WorkerFailureError } from './worker-failure.error.js';

/** Dependencies of a {@link WorkerRegistrar}. */
export interface WorkerRegistrarDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly ticker: Ticker;
  /** Returns the URL of the registry that the worker opens. A function, so that printing this object shows no secret. */
  readonly registry: () => string;
  readonly name: string;
  /** Nest's `applicationId`, for diagnostics. */
  readonly applicationId?: string | undefined;
  /** Milliseconds the main thread may hang before all entries are deregistered. */
  readonly maxHangMs: number;
}

/** A request to the worker without a response. */
interface PendingRequest {
  readonly request: Request;
  readonly answer: Deferred<Result>;
  /** Whether the request is sent again to the next worker if this one dies. */
  readonly resend: boolean;
}

/** Milliseconds after which a worker that has not closed is terminated: more than its registrar needs. */
const CLOSE_TIMEOUT_MS = 1_950;

/**
 * A registrar in a worker thread, whose renewals continue while the event loop of the main thread is blocked. Values are
 * computed in the main thread; the worker has the last one of each.
 */
export class WorkerRegistrar implements Registrar {
  private readonly registrations = new Set<WorkerRegistration>();
  private readonly pending = new Map<number, PendingRequest>();
  private readonly listeners = new Set<(event: RegistrationEvent) => void>();
  private readonly pulse = new Int32Array(new SharedArrayBuffer(4));
  private readonly backoff: Backoff;
  /** Started with the first request, so that a boot that fails before leaves no thread. */
  private worker: Worker | undefined;
  private pulsing: Timer | undefined;
  private restart: Timer | undefined;
  private readonly file = workerFile();
  /** Whether a worker has ever started. */
  private started = false;
  /** Why no worker can start. */
  private failed: Error | undefined;
  /** Whether requests wait until a new worker has registered the entries. */
  private recovering = false;
  private number = 0;
  private connections = 0;
  private received: StatusReport['statuses'] = [];
  private receivedAt = 0;
  private connection: StatusReport['connection'] | undefined;
  private endConnection: (() => void) | undefined;
  private closed = false;

  constructor(private readonly deps: WorkerRegistrarDeps) {
    this.backoff = new Backoff(undefined, deps.random);
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

  async register(key: string, source: RecordSource, options: RegistrationOptions): Promise<Registration> {
    const { clock, logger, ticker } = this.deps;
    const record = await computeFirstRecord({ clock, logger }, key, source, options.updateInterval * 1000);
    const id = String(await this.request({ kind: 'register', key, record, options }));
    const registration = new WorkerRegistration(
      {
        clock,
        logger,
        ticker,
        request: (request) => this.request(request),
        status: () => this.statuses.find((status) => status.key === key),
        onStop: () => void this.registrations.delete(registration),
      },
      { id, key, record, source },
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
    const { clock, logger } = this.deps;
    for (const registration of this.registrations) registration.end();
    const closing = this.worker ? this.send(this.worker, { kind: 'close' }) : Promise.resolve(undefined);
    this.closed = true;
    this.endConnection?.();
    this.restart?.cancel();
    const what = 'Ending the heartbeat thread';
    await attempt({ clock, timeoutMs: CLOSE_TIMEOUT_MS, what }, async () => {
      await closing;
    }).catch((error: unknown) => {
      logger.warn((error as Error).message);
    });
    this.pulsing?.cancel();
    await this.worker?.terminate();
    this.rejectAll(new ClosedError('The sidekick'));
    this.registrations.clear();
    this.listeners.clear();
  }

  private launch(): Worker {
    const { registry, name, maxHangMs, logger, applicationId } = this.deps;
    const settings: WorkerSettings = {
      registry: registry(),
      name,
      applicationId,
      maxHangMs,
      pulse: this.pulse,
    };
    const worker = new Worker(this.file, { workerData: settings });
    this.endConnection ??= registryPool.include(() => this.connection);
    let failure: Error | undefined;
    worker.on('message', (report: Report) => {
      this.started = true;
      this.receive(report);
    });
    worker.on('error', (error) => {
      failure = error;
      logger.error(`The heartbeat thread failed: ${error.message}`);
    });
    worker.on('exit', () => {
      if (this.closed) this.rejectAll(new ClosedError('The sidekick'));
      else if (failure && !this.started) this.fail(startFailure(failure));
      else this.replace();
    });
    return worker;
  }

  /** Gives up: a worker that cannot start would fail again. */
  private fail(error: Error): void {
    this.failed = error;
    this.worker = undefined;
    this.rejectAll(error);
  }

  /**
   * Starts another worker after one has died. The entries of the dead one expire with their TTL, unless the new worker
   * registers them before.
   */
  private replace(): void {
    this.recovering = true;
    this.worker = undefined;
    for (const [number, { answer, resend }] of this.pending) {
      if (resend) continue;
      this.pending.delete(number);
      answer.reject(
        new WorkerFailureError({ code: 'SIDEKICK_WORKER', message: 'The heartbeat thread has ended.' }),
      );
    }
    this.restart = this.deps.clock.after(this.backoff.next(), () => {
      const worker = this.launch();
      this.worker = worker;
      void this.reregister(worker);
    });
  }

  /** Registers the entries in a new worker, and then sends the pending requests again. */
  private async reregister(worker: Worker): Promise<void> {
    const taken = [...this.registrations].map(async ({ id, key, record, options, paused }) => {
      const registering = this.send(worker, {
        kind: 'register',
        key,
        record,
        options: this.optionsAfterRestart(key, options),
      });
      // Sent right after, so that the entry is not written before.
      if (paused) await Promise.all([registering, this.send(worker, { kind: 'pause', id })]);
      else await registering;
    });
    await Promise.allSettled(taken);
    if (this.worker !== worker || this.closed) return;
    this.recovering = false;
    for (const [number, { request }] of this.pending) worker.postMessage({ number, request });
  }

  /** Overwrites an entry that the dead worker owned, and waits for one that another session owned. */
  private optionsAfterRestart(key: string, options: RegistrationOptions): RegistrationOptions {
    switch (this.received.find((status) => status.key === key)?.state) {
      case 'alive':
      case 'late':
        return { ...options, exclusive: false };
      case 'standby':
      case 'lost':
      case 'paused':
        return { ...options, waits: true };
      default:
        return options;
    }
  }

  private receive(report: Report): void {
    switch (report.kind) {
      case 'answer': {
        const answer = this.pending.get(report.number)?.answer;
        this.pending.delete(report.number);
        if (report.failure) answer?.reject(new WorkerFailureError(report.failure));
        else answer?.resolve(report.result);
        return;
      }
      case 'statuses':
        this.received = report.statuses;
        this.connection = report.connection;
        this.receivedAt = this.deps.clock.now();
        return;
      case 'event':
        this.backoff.reset();
        for (const listener of [...this.listeners]) listener(report.event);
        return;
      case 'diagnostics':
        publishForwarded(report.messages);
        return;
      case 'log':
        this.deps.logger[report.level]?.(report.message);
    }
  }

  private async request(request: Request): Promise<Result> {
    if (this.closed) throw new ClosedError('The sidekick');
    if (this.failed) throw this.failed;
    this.pulsing ??= startPulse(this.deps.clock, this.pulse);
    if (this.recovering) return await this.track(request, true).answer.promise;
    this.worker ??= this.launch();
    return await this.send(this.worker, request, true);
  }

  private async send(worker: Worker, request: Request, resend = false): Promise<Result> {
    const { answer, number } = this.track(request, resend);
    worker.postMessage({ number, request });
    return await answer.promise;
  }

  private track(request: Request, resend: boolean): PendingRequest & { readonly number: number } {
    this.number += 1;
    const asked = { request, answer: deferred<Result>(), resend, number: this.number };
    this.pending.set(this.number, asked);
    return asked;
  }

  private rejectAll(error: Error): void {
    for (const { answer } of this.pending.values()) answer.reject(error);
    this.pending.clear();
  }
}
