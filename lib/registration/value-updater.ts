import { type Clock, type Timer } from '../common/clock.js';
import { attempt } from '../common/async/deadline.js';
import { DeadlineExceededError } from '../common/errors/index.js';
import { type Logger } from '../common/logger.js';
import { messageOf, stackOf } from '../common/thrown.js';
import { type EntryRecord } from '../registry/entry-record.js';
import { type Ticker } from './ticker.js';

/**
 * Computes what is kept. Called for the first write and with every update tick, never twice at a time. `signal` is
 * aborted when an update interval has passed, and when the result is no longer of use.
 */
export type ComputeRecord = (signal: AbortSignal) => EntryRecord | Promise<EntryRecord>;

/** Milliseconds after which a boot that waits for a first value reports it. */
const SLOW_FIRST_VALUE_MS = 5_000;

export interface ValueUpdaterDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ticker: Ticker;
}

function overran(key: string, ms: number): string {
  return `The value function of "${key}" did not finish within ${ms / 1000} s, its \`updateInterval\`, and its signal was aborted`;
}

/**
 * Computes the first record.
 *
 * @param interval milliseconds it may take
 * @throws DeadlineExceededError
 */
export async function computeFirstRecord(
  { clock, logger }: Pick<ValueUpdaterDeps, 'clock' | 'logger'>,
  key: string,
  produce: ComputeRecord,
  interval: number,
): Promise<EntryRecord> {
  const slow = clock.after(SLOW_FIRST_VALUE_MS, () => {
    logger.warn(
      `Waiting for the value function of "${key}": it did not finish within ${SLOW_FIRST_VALUE_MS / 1000} s and is aborted after ${interval / 1000} s, its \`updateInterval\`. Nothing is written before.`,
    );
  });
  const what = `Computing the value of "${key}"`;
  try {
    return await attempt({ clock, timeoutMs: interval, what }, async (signal) => await produce(signal));
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

/** What a computed value goes to. */
export interface ValueTarget {
  readonly key: string;
  /** Writes `record` where it differs from what stands there. */
  update(record: EntryRecord): void;
  /** Called with every tick, before the value is computed. */
  tick(): void;
}

/** Gives one hold its value: computes it again with every tick, and writes it where it differs. */
export class ValueUpdater {
  private timer: Timer | undefined;
  /** The call of the value function that has not returned, aborted or not. */
  private running: AbortController | undefined;
  private failures = 0;
  private readonly logged = new Set<'threw' | 'overran'>();

  constructor(
    private readonly deps: ValueUpdaterDeps,
    private readonly target: ValueTarget,
    private produce: ComputeRecord,
    private interval: number,
  ) {}

  start(): void {
    this.timer = this.deps.ticker(`sidekick:${this.target.key}`, this.interval, () => {
      void this.tick();
    });
  }

  /** Computes and writes by `produce` from now on, beginning at once. */
  async replace(produce: ComputeRecord): Promise<void> {
    this.produce = produce;
    this.running?.abort();
    this.succeeded();
    await this.compute();
  }

  /** @param interval milliseconds; counts from now */
  setInterval(interval: number): void {
    this.interval = interval;
    if (!this.timer) return;
    this.timer.cancel();
    this.start();
  }

  /** Ends the ticks and aborts the call that is under way. */
  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.running?.abort();
  }

  private async tick(): Promise<void> {
    this.target.tick();
    // A function that ignores its signal is left to finish, not called twice at a time.
    if (!this.running) await this.compute();
  }

  private async compute(): Promise<void> {
    const { clock } = this.deps;
    const { produce, interval } = this;
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
        `${overran(key, interval)}. The last value is kept, and the function is called again once it has returned. Make it faster, or raise \`updateInterval\`. This is logged once until it succeeds.`,
      );
    else
      logger.error(
        `Computing the value of "${key}" failed, the last one is kept (logged once until it succeeds): ${messageOf(error)}`,
        ...stackOf(error),
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
