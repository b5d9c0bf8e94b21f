import { joinHostPort } from '../common/address.js';
import { type Clock, type Timer } from '../common/clock.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type ListStep } from '../discovery/service-change.js';

/** How often weights follow the ramp. */
const STEP_MS = 100;

/** The share with which an endpoint starts. */
const INITIAL_SHARE = 0.1;

/**
 * Lets the share of endpoints that join or return grow over time, so that they can warm up. Its timer runs only while an
 * endpoint does.
 */
export class SlowStart {
  /** The places of the endpoints of the last list by id; undefined before the first with endpoints. */
  private known: Map<string, string> | undefined;
  /** When each endpoint that warms up began, by id, in milliseconds of the monotonic clock. */
  private readonly begun = new Map<string, number>();
  private timer: Timer | undefined;

  /** @param changed called when weights have changed */
  constructor(
    private readonly durationMs: number,
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {}

  /** Whether no endpoint warms up, so that all have their full share. */
  get isIdle(): boolean {
    return this.begun.size === 0;
  }

  /**
   * Receives each list. The endpoints of the first one have their full share at once.
   *
   * @param step how the list was made of the one before, if that is known
   */
  update(endpoints: readonly Endpoint[], step?: ListStep): void {
    if (endpoints.length === 0) return;
    if (this.known && step && this.known.size === step.previous?.length) this.follow(this.known, step);
    else this.compare(endpoints);
  }

  /** The endpoint has returned from an ejection. */
  returned(endpoint: Endpoint): void {
    this.begin(endpoint.id);
  }

  /** The share of the endpoint's weight that counts now, from 0.1 to 1. */
  shareOf(endpoint: Endpoint): number {
    const begunAt = this.begun.size === 0 ? undefined : this.begun.get(endpoint.id);
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

  private follow(known: Map<string, string>, { added, updated, removed }: ListStep): void {
    for (const { id } of removed) {
      known.delete(id);
      this.begun.delete(id);
    }
    for (const endpoints of [added, updated])
      for (const endpoint of endpoints) {
        const place = placeOf(endpoint);
        if (known.get(endpoint.id) !== place) this.begin(endpoint.id);
        known.set(endpoint.id, place);
      }
  }

  private compare(endpoints: readonly Endpoint[]): void {
    const places = new Map<string, string>();
    for (const endpoint of endpoints) places.set(endpoint.id, placeOf(endpoint));
    if (this.known) for (const [id, place] of places) if (this.known.get(id) !== place) this.begin(id);
    for (const id of this.begun.keys()) if (!places.has(id)) this.begun.delete(id);
    this.known = places;
  }

  private begin(id: string): void {
    this.begun.set(id, this.clock.now());
    this.timer ??= this.clock.after(STEP_MS, () => {
      this.step();
    });
  }

  private step(): void {
    this.timer = undefined;
    const now = this.clock.now();
    for (const [id, begunAt] of this.begun) if (now - begunAt >= this.durationMs) this.begun.delete(id);
    if (this.begun.size > 0)
      this.timer = this.clock.after(STEP_MS, () => {
        this.step();
      });
    this.changed();
  }
}

/** Another place is another process, which has to warm up by itself. */
function placeOf({ address, port }: Endpoint): string {
  return joinHostPort(address, port);
}
