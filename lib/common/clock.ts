import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';

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

/**
 * Node's own, as they are when this file is loaded: fake timers that a test installs later must not stop the
 * heartbeat of the application under test.
 */
const own = Object.freeze({
  start: setTimeout,
  end: clearTimeout,
  now: performance.now.bind(performance),
  wall: Date.now.bind(Date),
});

class SystemTimer implements Timer {
  constructor(private readonly handle: NodeJS.Timeout) {}

  cancel(): void {
    own.end(this.handle);
  }
}

/** Node fires a longer timeout at once; a longer wait is made of several. */
export const MAX_TIMEOUT_MS = 2_147_483_647;

/** The clock of the running process. It keeps its pace under the fake timers of a test runner. */
export const systemClock: Clock = {
  now: own.now,
  wall: own.wall,
  after: (delay, run) => {
    if (!(delay > MAX_TIMEOUT_MS)) return new SystemTimer(own.start(run, Math.max(0, delay)));
    let timer: Timer;
    const wait = (left: number): void => {
      const part = Math.min(left, MAX_TIMEOUT_MS);
      timer = new SystemTimer(
        own.start(() => {
          if (left > part) wait(left - part);
          else run();
        }, part),
      );
    };
    wait(delay);
    return {
      cancel: () => {
        timer.cancel();
      },
    };
  },
};
