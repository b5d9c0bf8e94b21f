import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';

/**
 * The most seconds that the options allow for a TTL, an interval and a lock: below the limit of Node's timers. A record of an
 * election or a lock that states more was not written by this library, and its time is not respected.
 */
export const MAX_SECONDS = 2_000_000;

/** A pending timer of a {@link Clock}. */
export interface Timer {
  /** Cancels the timer. A second call does nothing. */
  cancel(): void;
  /** Lets the process end before the timer fires. A clock whose timers keep no process alive leaves it out. */
  unref?(): void;
}

/**
 * The source of time for everything that waits or measures. Tests pass a virtual clock. Deadlines use monotonic time,
 * so that a change of the wall clock does not affect them.
 */
export interface Clock {
  /** Monotonic time in milliseconds, with an arbitrary origin. Deadlines and ages use it. */
  now(): number;
  /** Milliseconds since the Unix epoch. Only for times that leave the process: expiry times in files, timestamps. */
  wall(): number;
  /** Calls `run` once, `delayMs` milliseconds from now. */
  after(delayMs: number, run: () => void): Timer;
}

/**
 * Node's functions at the time this file is loaded. Fake timers that a test installs later must not stop the heartbeat
 * of the application under test.
 */
const native = Object.freeze({
  start: setTimeout,
  end: clearTimeout,
  now: performance.now.bind(performance),
  wall: Date.now.bind(Date),
});

class SystemTimer implements Timer {
  constructor(private readonly handle: NodeJS.Timeout) {}

  cancel(): void {
    native.end(this.handle);
  }

  unref(): void {
    this.handle.unref();
  }
}

/** The longest timeout of Node, in milliseconds. Node fires a longer one immediately, so it is split into several. */
export const MAX_TIMEOUT_MS = 2_147_483_647;

/** The clock of the running process. The fake timers of a test runner do not affect it. */
export const systemClock: Clock = {
  now: native.now,
  wall: native.wall,
  after: (delayMs, run) => {
    if (!(delayMs > MAX_TIMEOUT_MS)) return new SystemTimer(native.start(run, Math.max(0, delayMs)));
    let timer: Timer;
    const wait = (leftMs: number): void => {
      const partMs = Math.min(leftMs, MAX_TIMEOUT_MS);
      timer = new SystemTimer(
        native.start(() => {
          if (leftMs > partMs) wait(leftMs - partMs);
          else run();
        }, partMs),
      );
    };
    wait(delayMs);
    return {
      cancel: () => {
        timer.cancel();
      },
    };
  },
};
