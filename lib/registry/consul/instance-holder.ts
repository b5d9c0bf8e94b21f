import { randomUUID } from 'node:crypto';
import { type Clock } from '../../kernel/clock.js';
import { InvalidOptionError, RegistryRefusedError } from '../../kernel/errors/index.js';
import { type InstanceItem, type InstanceSlot, slotId, slotLabel } from '../item.js';
import { type Written } from '../registry.js';
import { AgentServices } from './agent-services.js';
import { type ConsulClient } from './client.js';
import { forEachLimited } from './for-each-limited.js';
import { isWrittenBy, versionOf } from './health-entry.js';
import { occupant } from './membership.js';
import { type OwnerId } from './owner.js';
import { registration } from './registration.js';
import { SlotCatalogue } from './slot-catalogue.js';

/** Requests of one renewal that run at a time. */
const CONCURRENCY = 16;

interface Held {
  readonly slot: InstanceSlot;
  readonly agentId: string;
  /** Whether its registration is under way: it may be missing still, or already. */
  pending: boolean;
}

/**
 * Holds instances as services of the agent, each with a TTL check. An agent knows nothing of owners and guards: each
 * registration bears its owner's id in its metadata, which is looked at before anything is renewed or removed.
 */
export class InstanceHolder {
  /** By `slotId`: what is to be there. Entered before the first request, so that a late one is not forgotten. */
  private readonly held = new Map<string, Held>();
  /** By `slotId`: what is to go, until the agent has confirmed that it is gone. */
  private readonly leaving = new Map<string, Held>();
  /** Whether anything of ours can be in the agent. */
  private used = false;
  private readonly agent: AgentServices;
  private readonly catalogue: SlotCatalogue;

  /** @param ttl seconds */
  constructor(
    private readonly client: ConsulClient,
    clock: Clock,
    private readonly owner: OwnerId,
    readonly ttl: number,
  ) {
    this.agent = new AgentServices(client, owner);
    this.catalogue = new SlotCatalogue(client, clock);
  }

  get active(): boolean {
    return this.held.size > 0;
  }

  /**
   * Passes the check of each instance that is still ours, and removes what is ours but was given up: a registration
   * that arrived after its removal. Resolves to the slots that the agent no longer has as ours.
   */
  async renew(signal: AbortSignal): Promise<InstanceSlot[]> {
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
    return missing.filter((held) => this.forget(held)).map(({ slot }) => slot);
  }

  async write(item: InstanceItem, version: string | undefined, signal: AbortSignal): Promise<Written> {
    const { service, id } = item.instance;
    const slot: InstanceSlot = { kind: 'instance', service, id };
    const [current] = occupant(slot, await this.catalogue.read(slot, signal)).entries;
    if (current?.version !== version) return { ok: false, current };
    const agentId = await this.agent.freeId(slot, signal);
    const write = randomUUID();
    const settings = { ...this.client.settings, ...item.hints };
    // What is being used stays so while it is written again.
    const status = current?.owner === this.owner ? 'passing' : settings.initialStatus;
    const body = registration(item.instance, {
      agentId,
      owner: this.owner,
      write,
      ttl: this.ttl,
      status,
      settings,
    });
    if (!body) {
      throw new InvalidOptionError(
        `Expected the metadata of ${slotLabel(slot)} to fit into Consul's 64 pairs of 512 bytes, got more.`,
      );
    }
    await this.register(slot, agentId, body, signal);
    // An agent that is restarted before the first renewal remembers a check that was passed, not how it was registered.
    if (status === 'passing') await this.agent.pass(agentId, signal);
    const seen = await this.catalogue.until(slot, signal, (all) =>
      all.find((entry) => entry.write === write),
    );
    return { ok: true, version: versionOf(seen) };
  }

  /**
   * Deregisters the instance where it is ours, and of the write that `version` names. The agent does not compare: its
   * registration is read right before, and what this process registers meanwhile is spared.
   */
  async remove(slot: InstanceSlot, signal: AbortSignal, version?: string): Promise<void> {
    const id = slotId(slot);
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
      await this.gone(slot, signal);
    }
    if (this.leaving.get(id) === held) this.leaving.delete(id);
  }

  /** Deregisters everything that is ours. */
  async end(signal: AbortSignal): Promise<void> {
    if (!this.used) return;
    await forEachLimited(await this.agent.ours(signal), CONCURRENCY, async (agentId) => {
      await this.agent.deregister(agentId, signal);
    });
    await forEachLimited([...this.held.values()], CONCURRENCY, async ({ slot }) => {
      await this.gone(slot, signal);
    });
    this.held.clear();
    this.leaving.clear();
  }

  private async register(
    slot: InstanceSlot,
    agentId: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const before = this.held.get(slotId(slot));
    const held: Held = { slot, agentId, pending: true };
    this.held.set(slotId(slot), held);
    this.leaving.delete(slotId(slot));
    this.used = true;
    try {
      await this.agent.register(body, signal);
    } catch (error) {
      // Refused means that nothing was done; after anything else it may be there.
      if (error instanceof RegistryRefusedError && this.forget(held) && before)
        this.held.set(slotId(slot), before);
      throw error;
    } finally {
      held.pending = false;
    }
  }

  /** Whether it was held still: what was written anew meanwhile stays. */
  private forget(held: Held): boolean {
    const id = slotId(held.slot);
    return this.held.get(id) === held && this.held.delete(id);
  }

  private async gone(slot: InstanceSlot, signal: AbortSignal): Promise<void> {
    await this.catalogue.until(slot, signal, (all) => {
      const left = all.some((entry) => entry.id === slot.id && entry.owner === this.owner);
      return left ? undefined : true;
    });
  }
}
