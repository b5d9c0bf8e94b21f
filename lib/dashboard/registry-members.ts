import { type Clock } from '../common/clock.js';
import { type Logger, silentLogger } from '../common/logger.js';
import { attempt } from '../common/async/deadline.js';
import { type RegistryMember } from '../registry/inspection.js';
import { registryPool } from '../registry/registry-pool.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { type RegistryRow } from './rows.js';

/** Time between two questions to a registry for its members, while a page is open. */
const INTERVAL_MS = 10_000;

const TIMEOUT_MS = 3_000;

/** A registry, and the modules that use it. */
export interface UsedRegistry {
  readonly source: RegistrySource;
  readonly usedBy: readonly string[];
}

/** Dependencies of {@link RegistryMembers}. */
export interface RegistryMembersDeps {
  readonly registries: readonly UsedRegistry[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** The servers of the registries in use. Asks only when it is read, and shows the last answer meanwhile. */
export class RegistryMembers {
  private readonly members = new Map<string, readonly RegistryMember[]>();
  private askedAt = -Infinity;
  private asking: Promise<void> | undefined;

  constructor(private readonly deps: RegistryMembersDeps) {}

  /** What is known of each registry. Asks again in the background when the answer is old. */
  rows(): readonly RegistryRow[] {
    const now = this.deps.clock.now();
    if (!this.asking && now - this.askedAt >= INTERVAL_MS) {
      this.askedAt = now;
      this.asking = this.ask().finally(() => {
        this.asking = undefined;
      });
    }
    return this.deps.registries.map(({ source, usedBy }) => ({
      kind: 'registry',
      name: source.url,
      usedBy,
      members: (this.members.get(source.identity) ?? []).map(({ name, urls, inUse }) => ({
        address: urls[0] ?? name,
        inUse,
      })),
    }));
  }

  /** Resolves when no request is under way. */
  async settled(): Promise<void> {
    await this.asking;
  }

  private async ask(): Promise<void> {
    await Promise.all(this.deps.registries.map((registry) => this.askOne(registry)));
  }

  /** A registry that does not answer keeps its last members: the page says by its lists that it is away. */
  private async askOne({ source }: UsedRegistry): Promise<void> {
    const { clock, random, logger } = this.deps;
    // The modules that use the registry log its warnings. Where another thread has the connection, each question opens one.
    const deps = { clock, random, logger: silentLogger };
    try {
      const shared = await registryPool.acquire(source, deps);
      try {
        const { registry } = shared;
        const what = `The list of members of ${source.url}`;
        const list = await attempt({ clock, timeoutMs: TIMEOUT_MS, what }, async (signal) => {
          return (await registry.members?.(signal)) ?? [];
        });
        this.members.set(source.identity, list);
      } finally {
        await shared.release();
      }
    } catch (error) {
      logger.debug?.(`${source.url} did not list its members: ${String(error)}`);
    }
  }
}
