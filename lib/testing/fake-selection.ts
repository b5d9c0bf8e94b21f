import { type Clock } from '../common/clock.js';
import { type Freshness } from '../discovery/cached-service.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type Selection } from '../discovery/selection.js';
import { nextChange, NO_STATE, type ServiceChange, type ServiceState } from '../discovery/service-change.js';

/** The list of a service that a test writes. Changes reach the handle before `set` returns. */
export class FakeSelection implements Selection {
  readonly excluded = false;
  private readonly listeners = new Set<(change: ServiceChange) => void>();
  private readonly waiting = new Set<() => void>();
  private current: ServiceState = NO_STATE;
  private last: ServiceChange | undefined;
  private failure: Error | undefined;
  private answeredAtMs: number | undefined;

  constructor(
    private readonly service: string,
    private readonly clock: Clock,
  ) {}

  get change(): ServiceChange | undefined {
    return this.last;
  }

  get endpoints(): readonly Endpoint[] {
    return this.current.endpoints;
  }

  get revision(): number {
    return this.current.revision;
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
    const change = nextChange(this.service, this.current, endpoints);
    for (const answered of this.waiting) answered();
    this.waiting.clear();
    if (!change) return;
    this.current = change;
    this.last = change;
    for (const listener of [...this.listeners]) listener(change);
  }

  fail(error: Error): void {
    this.failure = error;
  }

  isSuspect(): boolean {
    return false;
  }

  subscribe(listener: (change: ServiceChange) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
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
