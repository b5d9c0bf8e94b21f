import { Backoff, type BackoffOptions } from '../common/async/backoff.js';
import { type Clock, type Timer } from '../common/clock.js';
import { DeadlineExceededError, RegistryUnavailableError } from '../common/errors/index.js';
import { Semaphore } from '../common/async/semaphore.js';
import { type Random } from '../common/random.js';
import { type Registry } from './registry.js';

export interface OutageDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** Whatever was read is fresh again within 5 s of the registry's return. */
const BACKOFF: BackoffOptions = Object.freeze({ baseMs: 100, capMs: 4_000 });

/** Milliseconds a turn lasts when nothing is heard of what came of it. */
const TURN = 5_000;

/** Milliseconds by which a try that was announced may be late. */
const MARGIN = 500;

/** Milliseconds without a turn after which nobody's failures put it off any further. */
const PATIENCE = 10_000;

/** Lists that all readers together ask for at a time. */
const AT_ONCE = 64;

/**
 * What all who read from one registry know of its being away. As long as it is, one of them tries at a time, after a
 * common backoff, and the first answer that anybody gets lets all of them go on: the number of tries does not grow
 * with the number of scopes that are followed, and a registry that returns is not met by a herd.
 */
export class Outage {
  /** What every list goes through: those of very many readers come one after the other, each in its own time. */
  readonly lists = new Semaphore(AT_ONCE);
  private readonly backoff: Backoff;
  private readonly waiting = new Set<() => void>();
  private timer: Timer | undefined;
  /** Whether somebody has a turn and has not said what came of it. */
  private given = false;
  private wait = 0;
  private nextAt = 0;
  private latest = 0;
  /** When the last turn began. */
  private turnAt = -Infinity;
  /** When somebody without a turn will have tried again. */
  private triedBy = -Infinity;
  /** Set for as long as it lasts. */
  private why: Error | undefined;

  constructor(private readonly deps: OutageDeps) {
    this.backoff = new Backoff(BACKOFF, deps.random);
  }

  /** Why the registry could not be reached the last time somebody tried; undefined while all is well. */
  get reason(): Error | undefined {
    return this.why;
  }

  /** Resolves at once while all is well, else when it is the caller's turn, the outage is over, or `signal` aborts. */
  async turn(signal: AbortSignal): Promise<void> {
    if (!this.why || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.waiting.delete(go);
        signal.removeEventListener('abort', go);
        resolve();
        if (this.waiting.size === 0) this.timer?.cancel();
      };
      signal.addEventListener('abort', go, { once: true });
      this.waiting.add(go);
      this.arm();
    });
  }

  /**
   * Somebody who needs no turn begins to try: whoever has waited long enough for one goes along, for it costs no
   * connection of its own.
   */
  trying(): void {
    if (!this.why || this.given || this.waiting.size === 0) return;
    if (this.deps.clock.now() >= this.turnAt + this.wait / 2) this.give();
  }

  /**
   * Somebody, in turn or not, could not reach the registry.
   *
   * @param again milliseconds until that somebody is {@link Outage.trying} again; turns wait for that
   */
  failed(error: Error, again?: number): void {
    const now = this.deps.clock.now();
    if (!this.why || this.given) {
      this.wait = this.backoff.next();
      this.latest = now + PATIENCE;
    }
    this.why = error;
    this.given = false;
    if (again !== undefined) this.triedBy = now + again + MARGIN;
    this.nextAt = Math.min(Math.max(now + this.wait, this.triedBy), this.latest);
    this.arm();
  }

  /** Somebody, in turn or not, had an answer. */
  answered(): void {
    this.given = false;
    this.triedBy = -Infinity;
    this.why = undefined;
    this.backoff.reset();
    for (const go of [...this.waiting]) go();
  }

  private arm(): void {
    this.timer?.cancel();
    if (this.waiting.size === 0) return;
    this.timer = this.deps.clock.after(this.nextAt - this.deps.clock.now(), () => {
      this.give();
    });
  }

  private give(): void {
    this.given = true;
    this.turnAt = this.deps.clock.now();
    this.nextAt = this.turnAt + TURN;
    const [first] = this.waiting;
    first?.();
    this.arm();
  }
}

const outages = new WeakMap<Registry, Outage>();

/** The one of a connection, whoever asks; the first one's `deps` are used. */
export function outageOf(registry: Registry, deps: OutageDeps): Outage {
  const known = outages.get(registry);
  if (known) return known;
  const outage = new Outage(deps);
  outages.set(registry, outage);
  return outage;
}

/** Whether an error says that the registry could not be reached, rather than what it answered. */
export function isUnreachable(error: unknown): error is RegistryUnavailableError | DeadlineExceededError {
  return error instanceof RegistryUnavailableError || error instanceof DeadlineExceededError;
}
