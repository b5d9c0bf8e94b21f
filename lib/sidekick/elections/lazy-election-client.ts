import { type ElectionClient, type ElectionStatus } from '../../election/election-client.js';
import { type Election } from '../../election/election.js';
import { type Locks } from '../../election/locks.js';

/** Creates the client with the first election or lock: most applications have none, and may use a read-only registry. */
export class LazyElectionClient implements ElectionClient {
  private client: ElectionClient | undefined;
  private stopped = false;
  private paused = false;
  /** Starts no run between `pause` and `resume`. Running ones may end. */
  readonly locks: Locks = {
    observe: (name) => {
      this.created.locks.observe(name);
    },
    acquire: async (name, options) => {
      if (this.paused) return { granted: false, reason: 'closed' };
      return await this.created.locks.acquire(name, options);
    },
  };

  /** @param create may throw, which fails the first use */
  constructor(private readonly create: () => ElectionClient) {}

  get ttl(): number {
    return this.created.ttl;
  }

  of(name: string): Election {
    return this.created.of(name);
  }

  dump(): readonly ElectionStatus[] {
    return this.client?.dump() ?? [];
  }

  async pause(): Promise<void> {
    this.paused = true;
    await this.client?.pause();
  }

  resume(): void {
    this.paused = false;
    this.client?.resume();
  }

  shutdown(): void {
    this.stopped = true;
    this.client?.shutdown();
  }

  async close(graceMs: number): Promise<void> {
    this.shutdown();
    await this.client?.close(graceMs);
  }

  private get created(): ElectionClient {
    if (this.client) return this.client;
    this.client = this.create();
    if (this.paused) void this.client.pause();
    if (this.stopped) this.client.shutdown();
    return this.client;
  }
}
