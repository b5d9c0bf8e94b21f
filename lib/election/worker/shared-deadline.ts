import { type Clock } from '../../common/clock.js';

/** Microseconds per millisecond. */
const MICROSECONDS = 1_000;
/** Attempts to read two clocks at the same moment. */
const SAMPLES = 5;

/**
 * Returns what to add to the monotonic time of this thread to get that of the process, in milliseconds: `performance.now()`
 * counts from the start of each thread, `process.hrtime()` does not.
 */
export function processTimeOffset(clock: Clock): number {
  let best = { tookMs: Infinity, offsetMs: 0 };
  for (let n = 0; n < SAMPLES; n += 1) {
    const before = processTimeMs();
    const own = clock.now();
    const tookMs = processTimeMs() - before;
    // The reading that was interrupted least.
    if (tookMs < best.tookMs) best = { tookMs, offsetMs: before - own };
  }
  return best.offsetMs;
}

function processTimeMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * A deadline in memory that the worker thread writes and the main thread reads, so that the main thread knows of
 * acknowledgements before it has read a message. It belongs to a term, where there is one.
 */
export class SharedDeadline {
  private cells: BigInt64Array;

  /**
   * @param offsetMs of {@link processTimeOffset}, for the clock of this thread
   * @param memory of the other thread; by default new memory, without a deadline
   */
  constructor(
    private readonly offsetMs: number,
    public memory = newMemory(),
  ) {
    this.cells = new BigInt64Array(memory);
  }

  /** Replaces the memory, which a former worker has, by one without a deadline. */
  renew(): void {
    this.memory = newMemory();
    this.cells = new BigInt64Array(this.memory);
  }

  /** Whether there is no deadline. */
  get isClear(): boolean {
    return Atomics.load(this.cells, 0) === 0n;
  }

  /** Sets the deadline, in milliseconds of the monotonic clock of this thread. */
  set(untilMs: number, term = '0'): void {
    const value = BigInt.asIntN(64, BigInt(term));
    if (Atomics.load(this.cells, 1) !== value) {
      // A reader that sees the new deadline sees the new term too, since it reads the term last.
      this.clear();
      Atomics.store(this.cells, 1, value);
    }
    Atomics.store(this.cells, 0, BigInt(Math.floor((untilMs + this.offsetMs) * MICROSECONDS)));
  }

  clear(): void {
    Atomics.store(this.cells, 0, 0n);
  }

  /** The deadline of this term, in milliseconds of the monotonic clock of this thread; `-Infinity` without one. */
  until(term = '0'): number {
    const until = Atomics.load(this.cells, 0);
    if (until === 0n || Atomics.load(this.cells, 1) !== BigInt.asIntN(64, BigInt(term))) return -Infinity;
    return Number(until) / MICROSECONDS - this.offsetMs;
  }
}

function newMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT);
}
