import { type Clock, type Timer } from '../common/clock.js';
import { attempt } from '../common/async/deadline.js';
import { DeadlineExceededError } from '../common/errors/index.js';
import { type Logger } from '../common/logger.js';
import { messageOf, stackOf } from '../common/thrown.js';
import { type EntryRecord } from '../registry/entry-record.js';
import { type Ticker } from './ticker.js';

/**
 * Computes the record of an entry. Called for the first write and with every update tick; calls never overlap. `signal`
 * is aborted after one update interval, and when the result is no longer needed.
 */
export type ComputeRecord = (signal: AbortSignal) => EntryRecord | Promise<EntryRecord>;

/** The record of an entry: a constant, or the function that computes it. Only a function has ticks. */
export type RecordSource = EntryRecord | ComputeRecord;

/** Milliseconds after which a boot that waits for a first value logs a warning. */
const SLOW_FIRST_VALUE_MS = 5_000;

export interface ValueUpdaterDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ticker: Ticker;
}

function overran(key: string, ms: number): string {
  return `The value function of "${key}" did not finish within its \`updateInterval\` of ${ms / 1000} s, and its signal was aborted`;
}

/** What {@link computeFirstRecord} needs. */
export interface FirstRecordDeps extends Pick<ValueUpdaterDeps, 'clock' | 'logger'> {
  /** Aborted when the record is no longer needed. */
  readonly signal: AbortSignal;
}

/**
 * Computes the first record. Returns a constant one.
 *
 * @param interval timeout in milliseconds
 * @throws DeadlineExceededError when the function does not finish in time
 * @throws the reason of the signal when it is aborted first
 * @throws the error of the function
 */
export async function computeFirstRecord(
  { clock, logger, signal: closing }: FirstRecordDeps,
  key: string,
  source: RecordSource,
  interval: number,
): Promise<EntryRecord> {
  if (typeof source !== 'function') return source;
  const slow = clock.after(SLOW_FIRST_VALUE_MS, () => {
    logger.warn(
      `Waiting for the first value of "${key}": its value function has not finished within ${SLOW_FIRST_VALUE_MS / 1000} s and is aborted after its \`updateInterval\` of ${interval / 1000} s. The key is registered with the first value.`,
    );
  });
  const what = `Computing the value of "${key}"`;
  try {
    return await attempt(
      { clock, timeoutMs: interval, signal: closing, what },
      async (signal) => await source(signal),
    );
  } catch (error) {
    if (!(error instanceof DeadlineExceededError)) throw error;
    throw new DeadlineExceededError(
      `${overran(key, interval)}. Make it faster, or raise \`updateInterval\`.`,
      {
        cause: error,
      },
    );
  } finally {
    slow.cancel();
  }
}

/** Receives computed values. */
export interface ValueTarget {
  readonly key: string;
  /** Writes `record` if it differs from the entry in the registry. */
  update(record: EntryRecord): void;
}

/** Computes the value of one registration with every update tick. A constant has no ticks. */
export class ValueUpdater {
  private timer: Timer | undefined;
  private started = false;
  /** The call of the value function that has not returned yet, aborted or not. */
  private running: AbortController | undefined;
  private failures = 0;
  private readonly logged = new Set<'threw' | 'overran'>();

  constructor(
    private readonly deps: ValueUpdaterDeps,
    private readonly target: ValueTarget,
    private source: RecordSource,
    private interval: number,
  ) {}

  start(): void {
    this.started = true;
    if (typeof this.source !== 'function') return;
    this.timer = this.deps.ticker(`sidekick:${this.target.key}`, this.interval, () => {
      void this.tick();
    });
  }

  /** Replaces the value, and calls its function at once. */
  async replace(source: RecordSource): Promise<void> {
    const before = this.source;
    this.source = source;
    if (typeof before !== typeof source) this.restart();
    this.running?.abort();
    this.succeeded();
    if (typeof source === 'function') await this.compute(source);
    else this.target.update(source);
  }

  /** @param interval milliseconds, starting now */
  setInterval(interval: number): void {
    this.interval = interval;
    this.restart();
  }

  /** Cancels the ticks and aborts the call in flight. */
  stop(): void {
    this.started = false;
    this.timer?.cancel();
    this.timer = undefined;
    this.running?.abort();
  }

  private restart(): void {
    this.timer?.cancel();
    this.timer = undefined;
    if (this.started) this.start();
  }

  private async tick(): Promise<void> {
    const { source } = this;
    // A function that ignores its signal is not called again until it returns.
    if (!this.running && typeof source === 'function') await this.compute(source);
  }

  private async compute(produce: ComputeRecord): Promise<void> {
    const { clock } = this.deps;
    const { interval } = this;
    const call = new AbortController();
    this.running = call;
    const what = `Computing the value of "${this.target.key}"`;
    let given: AbortSignal | undefined;
    try {
      const record = await attempt(
        { clock, timeoutMs: interval, signal: call.signal, what },
        async (signal) => {
          given = signal;
          try {
            return await produce(signal);
          } finally {
            if (this.running === call) this.running = undefined;
          }
        },
      );
      if (call.signal.aborted) return;
      this.succeeded();
      this.target.update(record);
    } catch (error) {
      if (!call.signal.aborted) this.failed(error, given?.aborted === true ? 'overran' : 'threw', interval);
    }
  }

  private failed(error: unknown, kind: 'threw' | 'overran', interval: number): void {
    const { logger } = this.deps;
    const { key } = this.target;
    this.failures += 1;
    if (this.logged.has(kind)) return;
    this.logged.add(kind);
    if (kind === 'overran')
      logger.warn(
        `${overran(key, interval)}. The last value stays registered, and the function is called again after it has returned. Make it faster, or raise \`updateInterval\`. This is logged once until it succeeds.`,
      );
    else
      logger.error(
        `Computing the value of "${key}" failed; the last value stays registered (logged once until it succeeds): ${messageOf(error)}`,
        stackOf(error),
        { event: 'value-failed', key },
      );
  }

  private succeeded(): void {
    const { failures } = this;
    this.failures = 0;
    this.logged.clear();
    if (failures === 0) return;
    this.deps.logger.log(
      `Computing the value of "${this.target.key}" succeeded after ${failures} failed ${failures === 1 ? 'attempt' : 'attempts'}.`,
    );
  }
}
