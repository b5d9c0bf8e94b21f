import { type Clock, type Timer } from '../kernel/clock.js';
import { type Logger } from '../kernel/logger.js';
import { attempt } from '../kernel/deadline.js';
import { messageOf, stackOf } from '../kernel/thrown.js';
import { type Item } from '../registry/item.js';
import { type Ticker } from './ticker.js';

/** Computes what is kept. Called for the first write and with every update tick. */
export type Produce = () => Item | Promise<Item>;

/** Milliseconds a value may take to compute before the tick goes on without it. */
export const PRODUCE_TIMEOUT = 5_000;

export interface KeptDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ticker: Ticker;
}

/** Computes an item, with a deadline. */
export async function produceItem(clock: Clock, key: string, produce: Produce): Promise<Item> {
  return await attempt(
    { clock, timeout: PRODUCE_TIMEOUT, what: `Computing the value of "${key}"` },
    async () => {
      return await produce();
    },
  );
}

/** What a computed value goes to. */
export interface ValueTarget {
  readonly key: string;
  /** Writes `item` where it differs from what stands there. */
  put(item: Item): void;
  /** Called with every tick, before the value is computed. */
  tick(): void;
}

/** Gives one hold its value: computes it again with every tick, and writes it where it differs. */
export class KeptValue {
  private timer: Timer | undefined;
  private computing = false;
  private generation = 0;

  constructor(
    private readonly deps: KeptDeps,
    private readonly hold: ValueTarget,
    private produce: Produce,
    private interval: number,
  ) {}

  start(): void {
    this.timer = this.deps.ticker(`sidekick:${this.hold.key}`, this.interval, () => {
      void this.tick();
    });
  }

  /** Computes and writes by `produce` from now on, beginning at once. */
  async replace(produce: Produce): Promise<void> {
    this.produce = produce;
    this.generation += 1;
    await this.compute();
  }

  /** @param interval milliseconds; counts from now */
  setInterval(interval: number): void {
    this.interval = interval;
    if (!this.timer) return;
    this.stop();
    this.start();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private async tick(): Promise<void> {
    this.hold.tick();
    // A slow value function is left to finish, not called twice at a time.
    if (!this.computing) await this.compute();
  }

  private async compute(): Promise<void> {
    const { clock, logger } = this.deps;
    const generation = this.generation;
    this.computing = true;
    try {
      const item = await produceItem(clock, this.hold.key, this.produce);
      if (generation === this.generation) this.hold.put(item);
    } catch (error) {
      logger.error(
        `Computing the value of "${this.hold.key}" failed, the last one is kept: ${messageOf(error)}`,
        ...stackOf(error),
      );
    } finally {
      if (generation === this.generation) this.computing = false;
    }
  }
}
