import { randomUUID } from 'node:crypto';
import { attempt } from '../../common/async/deadline.js';
import { deferred, type Deferred } from '../../common/async/deferred.js';
import { forEachLimited } from '../../common/async/semaphore.js';
import { type Clock } from '../../common/clock.js';
import { InvalidOptionError, RegistryRefusedError } from '../../common/errors/index.js';
import {
  type InstanceRecord,
  type InstanceKey,
  entryKeyId,
  entryKeyLabel,
} from '../../registry/entry-record.js';
import { type WriteResult } from '../../registry/registry.js';
import { AgentServices, CHANGING } from './agent-services.js';
import { type ConsulClient } from './client.js';
import { instanceContent } from './content.js';
import { EntryKeyCatalogue } from './entry-key-catalogue.js';
import { isWrittenBy, versionOf } from './health-entry.js';
import { type OwnerId } from './owner.js';
import { registrationBody } from './registration.js';

/** Maximum number of concurrent requests of one renewal. */
const CONCURRENCY = 16;

const noop = (): void => undefined;

/** The renewals from the first after a success to the next success. */
interface Round {
  /** In milliseconds. An instance that was renewed since is not renewed again. */
  readonly startedAt: number;
  readonly ended: Deferred<void>;
}

interface TrackedInstance {
  readonly entryKey: InstanceKey;
  readonly agentId: string;
  /** Whether the registration request is in flight. The agent may then have the instance or not. */
  pending: boolean;
  /** When its check was passed last, in milliseconds. */
  passedAt: number;
}

/**
 * Writes instances as services of the agent, each with a TTL check. An agent has neither owners nor guards, so each
 * registration carries its owner's id in its metadata, which is read before anything is renewed or deregistered.
 */
export class InstanceWriter {
  /**
   * The instances that the agent should have, by `entryKeyId`. Added before the first request, so that a registration
   * that takes effect late is not forgotten.
   */
  private readonly tracked = new Map<string, TrackedInstance>();
  /** The instances to deregister, by `entryKeyId`, until the agent has confirmed their removal. */
  private readonly removing = new Map<string, TrackedInstance>();
  /** Whether the agent may have any service of this session. */
  private hasRegistered = false;
  /**
   * Settles with the renewal in progress. An agent does not renew while it registers, and writes each registration to its
   * disk, so that many registrations would delay a renewal beyond the TTL.
   */
  private renewing: Promise<void> = Promise.resolve();
  /** Undefined while no renewal is in progress or overdue. */
  private round: Round | undefined;
  private readonly agent: AgentServices;
  private readonly catalogue: EntryKeyCatalogue;

  /** @param ttl seconds */
  constructor(
    private readonly client: ConsulClient,
    private readonly clock: Clock,
    private readonly owner: OwnerId,
    readonly ttl: number,
  ) {
    this.agent = new AgentServices(client, clock, owner);
    this.catalogue = new EntryKeyCatalogue(client, clock);
  }

  /** Number of instances to renew. */
  get size(): number {
    return this.tracked.size;
  }

  /** Whether there are instances to renew. */
  get active(): boolean {
    return this.tracked.size > 0;
  }

  /**
   * Passes the check of each instance that this session still owns, and deregisters services that it owns but no longer
   * tracks: their registration arrived after their removal. Resolves to the entry keys that the agent no longer has.
   */
  async renew(signal: AbortSignal): Promise<InstanceKey[]> {
    if (!this.hasRegistered) return [];
    const renewing = this.renewOwned(signal);
    this.renewing = renewing.then(noop, (error: unknown) => {
      if (error instanceof RegistryRefusedError || !this.active) this.endRound();
    });
    return await renewing;
  }

  private async renewOwned(signal: AbortSignal): Promise<InstanceKey[]> {
    const now = this.clock.now();
    if (!this.round || now - this.round.startedAt > (this.ttl * 1_000) / 2)
      this.round = { startedAt: now, ended: this.round?.ended ?? deferred() };
    const { startedAt } = this.round;
    const registered = [...this.tracked.values()].filter(({ pending }) => !pending);
    const owned = new Set(await this.agent.ownedIds(signal));
    const missing = registered.filter(({ agentId }) => !owned.has(agentId));
    const due = registered
      .filter(({ agentId, passedAt }) => owned.has(agentId) && passedAt < startedAt)
      .sort((a, b) => a.passedAt - b.passedAt);
    await forEachLimited(due, CONCURRENCY, async (instance) => {
      const sentAt = this.clock.now();
      if (await this.agent.passCheck(instance.agentId, { signal })) instance.passedAt = sentAt;
      else missing.push(instance);
    });
    this.endRound();
    const expectedIds = new Set([...this.tracked.values()].map(({ agentId }) => agentId));
    const orphans = [...owned].filter((agentId) => !expectedIds.has(agentId));
    await this.deregisterAll(orphans, signal);
    return missing.filter((instance) => this.untrack(instance)).map(({ entryKey }) => entryKey);
  }

  /**
   * Registers the instance if its entry key still has `version`, and waits until the catalogue has it.
   *
   * @throws InvalidOptionError when the instance does not fit into Consul's metadata
   */
  async write(
    record: InstanceRecord,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<WriteResult> {
    const { service, id } = record.instance;
    const entryKey: InstanceKey = { kind: 'instance', service, id };
    const [all, agentId] = await Promise.all([
      this.catalogue.read(entryKey, signal),
      this.agent.chooseId(entryKey, signal),
    ]);
    const [current] = instanceContent(entryKey, all).entries;
    if (current?.version !== version) return { ok: false, current };
    const writeId = randomUUID();
    const settings = { ...this.client.settings, ...record.hints };
    // An instance that already serves traffic must not leave the lists while it is updated.
    const status = current?.owner === this.owner ? 'passing' : settings.initialStatus;
    const body = registrationBody(record.instance, {
      agentId,
      owner: this.owner,
      writeId,
      ttl: this.ttl,
      status,
      settings,
    });
    if (!body) {
      throw new InvalidOptionError(
        `Expected the metadata of ${entryKeyLabel(entryKey)} to fit into Consul's 64 pairs of 512 bytes, got more.`,
      );
    }
    await this.register(entryKey, agentId, body, signal);
    const [seen] = await Promise.all([
      this.catalogue.waitFor(entryKey, signal, (now) => now.find((entry) => entry.writeId === writeId)),
      // An agent that restarts before the first renewal restores the last check update, not the registered status.
      status === 'passing'
        ? this.agent.passCheck(agentId, { signal, timeoutMs: CHANGING.timeoutMs })
        : undefined,
    ]);
    return { ok: true, version: versionOf(seen) };
  }

  /**
   * Deregisters the instance where this session owns it.
   *
   * The agent has no compare-and-delete, so the registration is read right before. A registration by this process in
   * between is not affected.
   *
   * @param version deregister only the write with this version
   */
  async remove(entryKey: InstanceKey, signal: AbortSignal, version?: string): Promise<void> {
    const id = entryKeyId(entryKey);
    const instance = this.tracked.get(id) ?? this.removing.get(id);
    if (!instance) return;
    this.untrack(instance);
    this.removing.set(id, instance);
    const writeId = await this.agent.writeIdOf(instance.agentId, signal);
    if (this.tracked.has(id)) return;
    if (writeId !== undefined && version !== undefined && !isWrittenBy(version, writeId)) {
      this.tracked.set(id, instance);
      this.removing.delete(id);
      return;
    }
    if (writeId !== undefined) {
      await this.agent.deregister(instance.agentId, { signal, ...CHANGING });
      await this.waitUntilGone(entryKey, signal);
    }
    if (this.removing.get(id) === instance) this.removing.delete(id);
  }

  /** Deregisters all services of this session. */
  async end(signal: AbortSignal): Promise<void> {
    if (!this.hasRegistered) return;
    await this.deregisterAll(await this.agent.ownedIds(signal), signal);
    await forEachLimited([...this.tracked.values()], CONCURRENCY, async ({ entryKey }) => {
      await this.waitUntilGone(entryKey, signal);
    });
    this.tracked.clear();
    this.removing.clear();
  }

  private async register(
    entryKey: InstanceKey,
    agentId: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    await this.renewed(signal);
    const id = entryKeyId(entryKey);
    const previous = this.tracked.get(id);
    const instance: TrackedInstance = { entryKey, agentId, pending: true, passedAt: -Infinity };
    this.tracked.set(id, instance);
    this.removing.delete(id);
    this.hasRegistered = true;
    try {
      await this.agent.register(body, signal);
    } catch (error) {
      // A refused registration changed nothing. After any other error the agent may have the instance.
      if (error instanceof RegistryRefusedError && this.tracked.get(id) === instance) {
        if (previous) this.tracked.set(id, previous);
        else this.untrack(instance);
      }
      throw error;
    } finally {
      instance.pending = false;
    }
  }

  /** Waits until no renewal is in progress or overdue: an agent that cannot keep up must not get more to renew. */
  private async renewed(signal: AbortSignal): Promise<void> {
    const what = 'The renewal before a registration';
    await attempt({ clock: this.clock, timeoutMs: Infinity, signal, what }, async () => {
      do {
        await this.round?.ended.promise;
        await this.renewing;
      } while (this.round);
    });
  }

  private endRound(): void {
    this.round?.ended.resolve();
    this.round = undefined;
  }

  private async deregisterAll(agentIds: readonly string[], signal: AbortSignal): Promise<void> {
    await forEachLimited(agentIds, CONCURRENCY, async (agentId) => {
      await this.agent.deregister(agentId, { signal });
    });
  }

  /** Stops tracking `instance`. Returns false when a later write has replaced it, which stays tracked. */
  private untrack(instance: TrackedInstance): boolean {
    const id = entryKeyId(instance.entryKey);
    if (this.tracked.get(id) !== instance) return false;
    this.tracked.delete(id);
    if (!this.active) this.endRound();
    return true;
  }

  private async waitUntilGone(entryKey: InstanceKey, signal: AbortSignal): Promise<void> {
    await this.catalogue.waitFor(entryKey, signal, (all) => {
      const present = all.some((entry) => entry.id === entryKey.id && entry.owner === this.owner);
      return present ? undefined : true;
    });
  }
}
