import { joinHostPort } from '../common/address.js';
import { type Clock, type Timer } from '../common/clock.js';
import { type Endpoint } from '../discovery/endpoint.js';

/** How often weights follow the ramp. */
const STEP_MS = 100;

/** The share with which an endpoint starts. */
const INITIAL_SHARE = 0.1;

/**
 * Lets the share of endpoints that join or return grow over time, so that they can warm up. Its timer runs only while an
 * endpoint does.
 */
export class SlowStart {
  /** The endpoints of the last list; undefined before the first with endpoints. */
  private known: ReadonlySet<string> | undefined;
  /** When each endpoint that warms up began, in milliseconds of the monotonic clock. */
  private readonly begun = new Map<string, number>();
  private timer: Timer | undefined;

  /** @param changed called when weights have changed */
  constructor(
    private readonly durationMs: number,
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {}

  /** Receives each list. The endpoints of the first one have their full share at once. */
  update(endpoints: readonly Endpoint[]): void {
    if (endpoints.length === 0) return;
    const places = new Set(endpoints.map(placeOf));
    if (this.known) for (const place of places) if (!this.known.has(place)) this.begin(place);
    for (const place of this.begun.keys()) if (!places.has(place)) this.begun.delete(place);
    this.known = places;
  }

  /** The endpoint has returned from an ejection. */
  returned(endpoint: Endpoint): void {
    this.begin(placeOf(endpoint));
  }

  /** The share of the endpoint's weight that counts now, from 0.1 to 1. */
  shareOf(endpoint: Endpoint): number {
    const begunAt = this.begun.size === 0 ? undefined : this.begun.get(placeOf(endpoint));
    if (begunAt === undefined) return 1;
    const progress = (this.clock.now() - begunAt) / this.durationMs;
    return Math.min(1, INITIAL_SHARE + (1 - INITIAL_SHARE) * progress);
  }

  /** Ends the timer. */
  close(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.begun.clear();
  }

  private begin(place: string): void {
    this.begun.set(place, this.clock.now());
    this.timer ??= this.clock.after(STEP_MS, () => {
      this.step();
    });
  }

  private step(): void {
    this.timer = undefined;
    const now = this.clock.now();
    for (const [place, begunAt] of this.begun) if (now - begunAt >= this.durationMs) this.begun.delete(place);
    if (this.begun.size > 0)
      this.timer = this.clock.after(STEP_MS, () => {
        this.step();
      });
    this.changed();
  }
}

/** Identifies an endpoint: another address is another process, which has to warm up by itself. */
function placeOf({ id, address, port }: Endpoint): string {
  return `${id}\n${joinHostPort(address, port)}`;
}
