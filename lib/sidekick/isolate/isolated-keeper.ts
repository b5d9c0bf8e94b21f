import { Worker } from 'node:worker_threads';
import { type Beat, type BeatEvent } from '../../heartbeat/beat.js';
import { type Keeping, type KeepOptions, type Kept } from '../../heartbeat/keeping.js';
import { KeptValue, type Produce, produceItem } from '../../heartbeat/kept.js';
import { sameItem } from '../../heartbeat/same-item.js';
import { type Ticker } from '../../heartbeat/ticker.js';
import { Backoff } from '../../kernel/backoff.js';
import { type Clock, type Timer } from '../../kernel/clock.js';
import { attempt } from '../../kernel/deadline.js';
import { type Deferred, deferred } from '../../kernel/deferred.js';
import { ClosedError } from '../../kernel/errors/index.js';
import { type Logger } from '../../kernel/logger.js';
import { type Random } from '../../kernel/random.js';
import { type Item } from '../../registry/item.js';
import { startPulse } from './hang-watch.js';
import { type Beats, type Report, type Request, type WorkerSettings } from './protocol.js';
import { WorkerFailureError } from './worker-failure.error.js';

export interface IsolatedKeeperDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly ticker: Ticker;
  /** URL of the registry, which the worker opens. */
  readonly registry: string;
  readonly name: string;
  /** Milliseconds. */
  readonly maxHang: number;
}

interface Entry {
  readonly key: string;
  readonly value: KeptValue;
  item: Item;
  /** The last answer to a changed value. */
  written?: Promise<unknown>;
  options: KeepOptions;
  paused: boolean;
}

/** Milliseconds a clean end may take before the worker is ended as it is: two seconds are the keeper's own. */
const CLOSE_TIMEOUT = 2_500;

/**
 * A keeper in a worker thread: the beats go on while the main thread is busy. Values are computed in the main thread,
 * where the application is; the worker keeps the last one.
 */
export class IsolatedKeeper implements Keeping {
  private readonly entries = new Map<string, Entry>();
  private readonly waiting = new Map<number, Deferred<string | number | undefined>>();
  private readonly listeners = new Set<(event: BeatEvent) => void>();
  private readonly pulse = new Int32Array(new SharedArrayBuffer(4));
  private readonly backoff: Backoff;
  /** Started with the first request, so that a boot that fails before leaves nothing behind. */
  private worker: Worker | undefined;
  private pulsing: Timer | undefined;
  private restart: Timer | undefined;
  private number = 0;
  private latest: Beats['beats'] = [];
  private latestAt = 0;
  private closed = false;

  constructor(private readonly deps: IsolatedKeeperDeps) {
    this.backoff = new Backoff(undefined, deps.random);
  }

  get beats(): readonly Beat[] {
    const { clock } = this.deps;
    const since = clock.now() - this.latestAt;
    return this.latest.map(({ key, state, age }) => {
      const now = age === undefined ? undefined : age + since;
      return Object.freeze({
        key,
        state,
        lastAck: now === undefined ? undefined : new Date(clock.wall() - now),
        age: now,
      });
    });
  }

  onEvent(listener: (event: BeatEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  async keep(key: string, produce: Produce, options: KeepOptions): Promise<Kept> {
    const { clock, logger, ticker } = this.deps;
    const item = await produceItem(clock, key, produce);
    const id = String(await this.ask({ kind: 'keep', key, item, options }));
    const value = new KeptValue(
      { clock, logger, ticker },
      {
        key,
        put: (next) => {
          const entry = this.entries.get(id);
          if (!entry || sameItem(entry.item, next)) return;
          entry.item = next;
          entry.written = this.ask({ kind: 'value', id, item: next });
          entry.written.catch(() => undefined);
        },
        tick: () => undefined,
      },
      produce,
      options.updateInterval * 1000,
    );
    this.entries.set(id, { key, value, item, options, paused: false });
    value.start();
    const first = this.ask({ kind: 'first', id }).then(() => undefined);
    // Whoever does not wait for the first write is not punished for its failure.
    first.catch(() => undefined);
    return { id, first };
  }

  async value(id: string, produce: Produce): Promise<void> {
    const entry = this.entries.get(id);
    if (!entry) return;
    await entry.value.replace(produce);
    await entry.written;
  }

  updateInterval(id: string, seconds: number): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    entry.options = { ...entry.options, updateInterval: seconds };
    entry.value.setInterval(seconds * 1000);
    void this.ask({ kind: 'update-interval', id, seconds }).catch(() => undefined);
  }

  async ttl(id: string, seconds: number): Promise<void> {
    const entry = this.entries.get(id);
    if (!entry) return;
    entry.options = { ...entry.options, ttl: seconds };
    await this.ask({ kind: 'ttl', id, seconds });
  }

  async pause(id: string): Promise<void> {
    const entry = this.entries.get(id);
    if (!entry) return;
    entry.paused = true;
    await this.ask({ kind: 'pause', id });
  }

  resume(id: string): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    entry.paused = false;
    void this.ask({ kind: 'resume', id }).catch(() => undefined);
  }

  async stop(id: string): Promise<void> {
    const entry = this.entries.get(id);
    if (!entry) return;
    entry.value.stop();
    this.entries.delete(id);
    await this.ask({ kind: 'stop', id });
  }

  async connect(ttl: number): Promise<() => void> {
    const connection = Number(await this.ask({ kind: 'connect', ttl }));
    return () => void this.ask({ kind: 'disconnect', connection }).catch(() => undefined);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    const { clock, logger } = this.deps;
    for (const { value } of this.entries.values()) value.stop();
    const closing = this.worker ? this.ask({ kind: 'close' }) : Promise.resolve(undefined);
    this.closed = true;
    this.restart?.cancel();
    const what = 'Ending the heartbeat thread';
    await attempt({ clock, timeout: CLOSE_TIMEOUT, what }, async () => {
      await closing;
    }).catch((error: unknown) => {
      logger.warn((error as Error).message);
    });
    this.pulsing?.cancel();
    await this.worker?.terminate();
    this.failWaiting(new ClosedError('The sidekick'));
    this.entries.clear();
    this.listeners.clear();
  }

  private launch(): Worker {
    const { registry, name, maxHang, logger } = this.deps;
    const settings: WorkerSettings = { registry, name, maxHang, pulse: this.pulse };
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: settings });
    worker.on('message', (report: Report) => {
      this.receive(report);
    });
    worker.on('error', (error) => {
      logger.error(`The heartbeat thread failed: ${error.message}`);
    });
    worker.on('exit', () => {
      if (!this.closed) this.relaunch();
    });
    return worker;
  }

  /** The entries of a thread that died go with their TTL, unless the next one takes them on before. */
  private relaunch(): void {
    this.failWaiting(
      new WorkerFailureError({ code: 'SIDEKICK_WORKER', message: 'The heartbeat thread has ended.' }),
    );
    this.restart = this.deps.clock.after(this.backoff.next(), () => {
      this.worker = this.launch();
      for (const [id, { key, item, options, paused }] of this.entries) {
        void this.ask({ kind: 'keep', key, item, options })
          .then(() => (paused ? this.ask({ kind: 'pause', id }) : undefined))
          .catch(() => undefined);
      }
    });
  }

  private receive(report: Report): void {
    switch (report.kind) {
      case 'answer': {
        const waiting = this.waiting.get(report.number);
        this.waiting.delete(report.number);
        if (report.failure) waiting?.reject(new WorkerFailureError(report.failure));
        else waiting?.resolve(report.result);
        return;
      }
      case 'beats':
        this.latest = report.beats;
        this.latestAt = this.deps.clock.now();
        return;
      case 'event':
        this.backoff.reset();
        for (const listener of [...this.listeners]) listener(report.event);
        return;
      case 'log':
        this.deps.logger[report.level]?.(report.message);
    }
  }

  private async ask(request: Request): Promise<string | number | undefined> {
    if (this.closed) throw new ClosedError('The sidekick');
    this.number += 1;
    const answer = deferred<string | number | undefined>();
    this.waiting.set(this.number, answer);
    this.pulsing ??= startPulse(this.deps.clock, this.pulse);
    this.worker ??= this.launch();
    this.worker.postMessage({ number: this.number, request });
    return await answer.promise;
  }

  private failWaiting(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}
