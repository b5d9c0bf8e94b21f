import { randomUUID } from 'node:crypto';
import { type Clock } from '../../common/clock.js';
import { InvalidOptionError, RegistryRefusedError } from '../../common/errors/index.js';
import {
  type InstanceRecord,
  type InstanceKey,
  entryKeyId,
  entryKeyLabel,
} from '../../registry/entry-record.js';
import { type WriteResult } from '../../registry/registry.js';
import { AgentServices } from './agent-services.js';
import { type ConsulClient } from './client.js';
import { forEachLimited } from '../../common/async/semaphore.js';
import { isWrittenBy, versionOf } from './health-entry.js';
import { occupant } from './membership.js';
import { type OwnerId } from './owner.js';
import { registration } from './registration.js';
import { EntryKeyCatalogue } from './entry-key-catalogue.js';

/** Requests of one renewal that run at a time. */
const CONCURRENCY = 16;

interface Held {
  readonly entryKey: InstanceKey;
  readonly agentId: string;
  /** Whether its registration is under way: it may be missing still, or already. */
  pending: boolean;
}

/**
 * Holds instances as services of the agent, each with a TTL check. An agent knows nothing of owners and guards: each
 * registration bears its owner's id in its metadata, which is looked at before anything is renewed or removed.
 */
export class InstanceWriter {
  /** By `entryKeyId`: what is to be there. Entered before the first request, so that a late one is not forgotten. */
  private readonly held = new Map<string, Held>();
  /** By `entryKeyId`: what is to go, until the agent has confirmed that it is gone. */
  private readonly leaving = new Map<string, Held>();
  /** Whether anything of ours can be in the agent. */
  private used = false;
  private readonly agent: AgentServices;
  private readonly catalogue: EntryKeyCatalogue;

  /** @param ttl seconds */
  constructor(
    private readonly client: ConsulClient,
    clock: Clock,
    private readonly owner: OwnerId,
    readonly ttl: number,
  ) {
    this.agent = new AgentServices(client, owner);
    this.catalogue = new EntryKeyCatalogue(client, clock);
  }

  get active(): boolean {
    return this.held.size > 0;
  }

  /**
   * Passes the check of each instance that is still ours, and removes what is ours but was given up: a registration
   * that arrived after its removal. Resolves to the entry keys that the agent no longer has as ours.
   */
  async renew(signal: AbortSignal): Promise<InstanceKey[]> {
    if (!this.used) return [];
    const wanted = [...this.held.values()].filter(({ pending }) => !pending);
    const ours = new Set(await this.agent.ours(signal));
    const missing: Held[] = [];
    await forEachLimited(wanted, CONCURRENCY, async (held) => {
      if (!ours.has(held.agentId) || !(await this.agent.pass(held.agentId, signal))) missing.push(held);
    });
    const kept = new Set([...this.held.values()].map(({ agentId }) => agentId));
    const ghosts = [...ours].filter((agentId) => !kept.has(agentId));
    await forEachLimited(ghosts, CONCURRENCY, async (agentId) => {
      await this.agent.deregister(agentId, signal);
    });
    return missing.filter((held) => this.forget(held)).map(({ entryKey }) => entryKey);
  }

  async write(
    record: InstanceRecord,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<WriteResult> {
    const { service, id } = record.instance;
    const entryKey: InstanceKey = { kind: 'instance', service, id };
    const [current] = occupant(entryKey, await this.catalogue.read(entryKey, signal)).entries;
    if (current?.version !== version) return { ok: false, current };
    const agentId = await this.agent.freeId(entryKey, signal);
    const write = randomUUID();
    const settings = { ...this.client.settings, ...record.hints };
    // What is being used stays so while it is written again.
    const status = current?.owner === this.owner ? 'passing' : settings.initialStatus;
    const body = registration(record.instance, {
      agentId,
      owner: this.owner,
      write,
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
    // An agent that is restarted before the first renewal remembers a check that was passed, not how it was registered.
    if (status === 'passing') await this.agent.pass(agentId, signal);
    const seen = await this.catalogue.until(entryKey, signal, (all) =>
      all.find((entry) => entry.write === write),
    );
    return { ok: true, version: versionOf(seen) };
  }

  /**
   * Deregisters the instance where it is ours, and of the write that `version` names. The agent does not compare: its
   * registration is read right before, and what this process registers meanwhile is spared.
   */
  async remove(entryKey: InstanceKey, signal: AbortSignal, version?: string): Promise<void> {
    const id = entryKeyId(entryKey);
    const held = this.held.get(id) ?? this.leaving.get(id);
    if (!held) return;
    this.forget(held);
    this.leaving.set(id, held);
    const write = await this.agent.writeOf(held.agentId, signal);
    if (this.held.has(id)) return;
    if (write !== undefined && version !== undefined && !isWrittenBy(version, write)) {
      this.held.set(id, held);
      this.leaving.delete(id);
      return;
    }
    if (write !== undefined) {
      await this.agent.deregister(held.agentId, signal);
      await this.gone(entryKey, signal);
    }
    if (this.leaving.get(id) === held) this.leaving.delete(id);
  }

  /** Deregisters everything that is ours. */
  async end(signal: AbortSignal): Promise<void> {
    if (!this.used) return;
    await forEachLimited(await this.agent.ours(signal), CONCURRENCY, async (agentId) => {
      await this.agent.deregister(agentId, signal);
    });
    await forEachLimited([...this.held.values()], CONCURRENCY, async ({ entryKey }) => {
      await this.gone(entryKey, signal);
    });
    this.held.clear();
    this.leaving.clear();
  }

  private async register(
    entryKey: InstanceKey,
    agentId: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const before = this.held.get(entryKeyId(entryKey));
    const held: Held = { entryKey, agentId, pending: true };
    this.held.set(entryKeyId(entryKey), held);
    this.leaving.delete(entryKeyId(entryKey));
    this.used = true;
    try {
      await this.agent.register(body, signal);
    } catch (error) {
      // Refused means that nothing was done; after anything else it may be there.
      if (error instanceof RegistryRefusedError && this.forget(held) && before)
        this.held.set(entryKeyId(entryKey), before);
      throw error;
    } finally {
      held.pending = false;
    }
  }

  /** Whether it was held still: what was written anew meanwhile stays. */
  private forget(held: Held): boolean {
    const id = entryKeyId(held.entryKey);
    return this.held.get(id) === held && this.held.delete(id);
  }

  private async gone(entryKey: InstanceKey, signal: AbortSignal): Promise<void> {
    await this.catalogue.until(entryKey, signal, (all) => {
      const left = all.some((entry) => entry.id === entryKey.id && entry.owner === this.owner);
      return left ? undefined : true;
    });
  }
}
