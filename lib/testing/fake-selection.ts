import { type Clock } from '../common/clock.js';
import { type Freshness } from '../discovery/cached-service.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { PublishedList } from '../discovery/published-list.js';
import { type Selection } from '../discovery/selection.js';
import { NO_STATE } from '../discovery/service-change.js';

/** The list of a service that a test writes. Changes reach the handle before `set` returns. */
export class FakeSelection extends PublishedList implements Selection {
  readonly excluded = false;
  readonly registries: readonly string[] = [];
  private readonly waiting = new Set<() => void>();
  private failure: Error | undefined;
  private answeredAtMs: number | undefined;

  constructor(
    service: string,
    private readonly clock: Clock,
  ) {
    super(service, NO_STATE);
  }

  get freshness(): Freshness {
    const { answeredAtMs } = this;
    return {
      answered: answeredAtMs !== undefined,
      stale: answeredAtMs === undefined || this.failure !== undefined,
      ageMs: answeredAtMs === undefined ? undefined : this.clock.now() - answeredAtMs,
      error: this.failure,
    };
  }

  /** @param endpoints frozen */
  set(endpoints: readonly Endpoint[]): void {
    this.answeredAtMs = this.clock.now();
    this.failure = undefined;
    for (const answered of this.waiting) answered();
    this.waiting.clear();
    this.publish(endpoints);
  }

  fail(error: Error): void {
    this.failure = error;
  }

  isSuspect(): boolean {
    return false;
  }

  async ready(): Promise<void> {
    if (this.answeredAtMs !== undefined) return;
    await new Promise<void>((resolve) => this.waiting.add(resolve));
  }

  async refresh(): Promise<void> {
    if (this.failure) throw this.failure;
    await Promise.resolve();
  }

  async close(): Promise<void> {
    this.listeners.clear();
    await Promise.resolve();
  }
}
