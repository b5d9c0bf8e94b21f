import { Worker } from 'node:worker_threads';
import { Backoff } from '../../common/async/backoff.js';
import { type Deferred, deferred } from '../../common/async/deferred.js';
import { type Clock, type Timer } from '../../common/clock.js';
import { ClosedError } from '../../common/errors/index.js';
import { type Logger } from '../../common/logger.js';
import { type Random } from '../../common/random.js';
import { errorOf } from './failure.js';
import { startPulse } from './hang-watch.js';
import { type Answer, type Report, type Request, type Result, type WorkerSettings } from './protocol.js';
import { noteSubscribers, publishForwarded } from './worker-diagnostics.js';
import { WorkerFailureError } from './worker-failure.error.js';
import { startFailure, workerFile } from './worker-file.js';

/** Dependencies of a {@link WorkerThread}. */
export interface WorkerThreadDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Returns the URL of the registry that the worker opens. A function, so that printing this object shows no secret. */
  readonly registry: () => string;
  readonly name: string;
  /** Nest's `applicationId`, for diagnostics. */
  readonly applicationId?: string | undefined;
  /** Milliseconds the main thread may hang before all entries are deregistered. */
  readonly maxHangMs: number;
}

/** A user of a {@link WorkerThread}. */
export interface WorkerUser {
  /** Receives the reports of the worker that are not answers. */
  onReport(report: Exclude<Report, Answer>): void;
  /** The worker has died, and with it all that it kept. */
  onEnded?(): void;
  /** Sends to a new worker what the dead one kept. Requests that wait are sent after it. */
  restore(send: SendRequest): Promise<unknown>;
}

export type SendRequest = (request: Request) => Promise<Result>;

/** A request to the worker without a response. */
interface PendingRequest {
  readonly request: Request;
  readonly answer: Deferred<Result>;
  /** Whether the request is sent again to the next worker if this one dies. */
  readonly resend: boolean;
}

/**
 * The worker thread of `isolate`, which renews registrations and leadership while the event loop of the main thread is
 * blocked. Started with the first request, so that a boot that fails before leaves no thread. Replaced when it dies.
 */
export class WorkerThread {
  private readonly users = new Set<WorkerUser>();
  private readonly pending = new Map<number, PendingRequest>();
  private readonly pulse = new Int32Array(new SharedArrayBuffer(4));
  private readonly wantedChannels = new Int32Array(new SharedArrayBuffer(4));
  private readonly backoff: Backoff;
  private readonly file = workerFile();
  private worker: Worker | undefined;
  private pulsing: Timer | undefined;
  private restart: Timer | undefined;
  /** Whether a worker has ever started. */
  private started = false;
  /** Why no worker can start. */
  private failed: Error | undefined;
  /** Whether requests wait until a new worker has what the dead one kept. */
  private recovering = false;
  private number = 0;
  private closed = false;

  constructor(private readonly deps: WorkerThreadDeps) {
    this.backoff = new Backoff(undefined, deps.random);
  }

  /** Adds a user. Returns a function that removes it; without users the thread ends. */
  use(user: WorkerUser): () => Promise<void> {
    this.users.add(user);
    return async () => {
      if (this.users.delete(user) && this.users.size === 0) await this.end();
    };
  }

  /** Whether a worker runs. */
  get running(): boolean {
    return this.worker !== undefined;
  }

  /**
   * Sends a request, to the next worker too if this one dies.
   *
   * @throws ClosedError after the end
   */
  async request(request: Request): Promise<Result> {
    this.begin();
    if (this.recovering) return await this.track(request, true).answer.promise;
    this.worker ??= this.launch();
    return await this.send(this.worker, request, true);
  }

  /**
   * Sends a request to the worker that runs, and to no other one.
   *
   * @throws ClosedError after the end
   * @throws WorkerFailureError when no worker runs, and when it dies
   */
  async requestOnce(request: Request): Promise<Result> {
    this.begin();
    if (!this.recovering) this.worker ??= this.launch();
    if (!this.worker) throw hasEnded();
    return await this.send(this.worker, request);
  }

  private begin(): void {
    if (this.closed) throw new ClosedError('The sidekick');
    if (this.failed) throw this.failed;
    this.pulsing ??= startPulse(this.deps.clock, this.pulse, () => {
      noteSubscribers(this.wantedChannels);
    });
  }

  private async end(): Promise<void> {
    this.closed = true;
    this.restart?.cancel();
    this.pulsing?.cancel();
    await this.worker?.terminate();
    this.rejectAll(new ClosedError('The sidekick'));
  }

  private launch(): Worker {
    const { registry, name, maxHangMs, logger, applicationId } = this.deps;
    const settings: WorkerSettings = {
      registry: registry(),
      name,
      applicationId,
      maxHangMs,
      pulse: this.pulse,
      wantedChannels: this.wantedChannels,
    };
    const worker = new Worker(this.file, { workerData: settings });
    let failure: Error | undefined;
    worker.on('message', (report: Report) => {
      if (report.kind === 'failed') {
        failure = errorOf(report.failure);
        return;
      }
      // A line may be logged before the registry is open.
      if (report.kind !== 'log') this.started = true;
      this.receive(report);
    });
    worker.on('error', (error) => {
      // The copy that Node makes of an error has not its class.
      failure ??= startFailure(error);
      logger.error(`The heartbeat thread failed: ${error.message}`);
    });
    worker.on('exit', () => {
      if (this.closed) this.rejectAll(new ClosedError('The sidekick'));
      else if (failure && !this.started) this.fail(failure);
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
      answer.reject(hasEnded());
    }
    for (const user of this.users) user.onEnded?.();
    this.restart = this.deps.clock.after(this.backoff.next(), () => {
      const worker = this.launch();
      this.worker = worker;
      void this.restore(worker);
    });
  }

  private async restore(worker: Worker): Promise<void> {
    const send: SendRequest = (request) => this.send(worker, request);
    await Promise.allSettled([...this.users].map((user) => user.restore(send)));
    if (this.worker !== worker || this.closed) return;
    this.recovering = false;
    for (const [number, { request, resend }] of this.pending)
      if (resend) worker.postMessage({ number, request });
  }

  private receive(report: Exclude<Report, { readonly kind: 'failed' }>): void {
    switch (report.kind) {
      case 'answer': {
        const answer = this.pending.get(report.number)?.answer;
        this.pending.delete(report.number);
        if (report.failure) answer?.reject(errorOf(report.failure));
        else answer?.resolve(report.result);
        return;
      }
      case 'diagnostics':
        publishForwarded(report.messages);
        return;
      case 'log':
        this.log(report);
        return;
      case 'event':
        this.backoff.reset();
    }
    for (const user of this.users) user.onReport(report);
  }

  private log({ level, message, stack, fields }: Extract<Report, { readonly kind: 'log' }>): void {
    const { logger } = this.deps;
    if (level === 'error') logger.error(message, stack, fields);
    else logger[level]?.(message, fields);
  }

  private async send(worker: Worker, request: Request, resend = false): Promise<Result> {
    const { answer, number } = this.track(request, resend);
    noteSubscribers(this.wantedChannels);
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

function hasEnded(): WorkerFailureError {
  return new WorkerFailureError({ code: 'SIDEKICK_WORKER', message: 'The heartbeat thread has ended.' });
}
