/** A pending timer of a {@link Clock}. */
export interface Timer {
  /** Ends the timer; a second call does nothing. */
  cancel(): void;
}

/**
 * Time as the library sees it. Everything that waits or measures takes one, so that state machines run on a
 * virtual clock in tests and a moved wall clock never touches a deadline.
 */
export interface Clock {
  /** Milliseconds on a monotonic scale with an arbitrary origin. Deadlines and ages are computed from this alone. */
  now(): number;
  /** Milliseconds since the Unix epoch. Only for what leaves the process: file deadlines, timestamps for people. */
  wall(): number;
  /** Calls `run` once, `delay` milliseconds from now. */
  after(delay: number, run: () => void): Timer;
}

class SystemTimer implements Timer {
  constructor(private readonly handle: NodeJS.Timeout) {}

  cancel(): void {
    clearTimeout(this.handle);
  }
}

/** Node fires a longer timeout at once; a longer wait is made of several. */
const MAX_TIMEOUT = 2_147_483_647;

/** The clock of the running process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (delay, run) => new SystemTimer(setTimeout(run, Math.min(Math.max(0, delay), MAX_TIMEOUT))),
};
