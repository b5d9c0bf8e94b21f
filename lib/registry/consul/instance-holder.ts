import { randomUUID } from 'node:crypto';
import { type Clock } from '../../kernel/clock.js';
import { DeadlineExceededError, InvalidOptionError } from '../../kernel/errors/index.js';
import { type InstanceItem, type InstanceSlot, slotId, slotLabel } from '../item.js';
import { type Entry, type Written } from '../registry.js';
import { type Answer, isObject } from './answer.js';
import { type ConsulClient } from './client.js';
import { forEachLimited } from './for-each-limited.js';
import { type HealthEntry, versionOf } from './health-entry.js';
import { occupant } from './membership.js';
import { agentIds, anyCaseFilter, encodeName, inPath } from './names.js';
import { type OwnerId } from './owner.js';
import { checkId, OWNER, registration } from './registration.js';
import { readHealth, viewOf } from './scope-view.js';
import { type ConsulRequest } from './transport.js';

/** Requests of one renewal that run at a time. */
const CONCURRENCY = 16;

/** Milliseconds that the agent is given to tell the servers what was registered with it. */
const SYNC_TIMEOUT = 5_000;
const SYNC_WAIT = '1s';

interface Held {
  readonly slot: InstanceSlot;
  readonly agentId: string;
}

/** What a look into the catalogue found. */
interface Seen {
  readonly all: readonly HealthEntry[];
  readonly index: number;
}

/**
 * Holds instances as services of the agent, each with a TTL check. An agent knows nothing of owners and guards: each
 * registration bears its owner's id in its metadata, which is looked at before anything is renewed or removed.
 */
export class InstanceHolder {
  /** By `slotId`: what is to be there. Entered before the first request, so that a late one is not forgotten. */
  private readonly held = new Map<string, Held>();

  /** Whether anything of ours can be in the agent. */
  private used = false;

  /** @param ttl seconds */
  constructor(
    private readonly client: ConsulClient,
    private readonly clock: Clock,
    private readonly owner: OwnerId,
    readonly ttl: number,
  ) {}

  get active(): boolean {
    return this.held.size > 0;
  }

  /**
   * Passes the check of each instance that is still ours, and removes what is ours but was given up: a registration
   * that arrived after its removal. Resolves to the slots that the agent no longer has as ours.
   */
  async renew(signal: AbortSignal): Promise<InstanceSlot[]> {
    if (!this.used) return [];
    const wanted = [...this.held];
    const ours = new Set(await this.ours(signal));
    const missing: [string, Held][] = [];
    await forEachLimited(wanted, CONCURRENCY, async ([key, held]) => {
      const passed = ours.delete(held.agentId) && (await this.pass(held.agentId, signal));
      if (!passed && this.held.get(key) === held) missing.push([key, held]);
    });
    const kept = new Set([...this.held.values()].map(({ agentId }) => agentId));
    const ghosts = [...ours].filter((agentId) => !kept.has(agentId));
    await forEachLimited(ghosts, CONCURRENCY, async (agentId) => {
      await this.deregister(agentId, signal);
    });
    for (const [key] of missing) this.held.delete(key);
    return missing.map(([, { slot }]) => slot);
  }

  async write(item: InstanceItem, version: string | undefined, signal: AbortSignal): Promise<Written> {
    const { service, id } = item.instance;
    const slot: InstanceSlot = { kind: 'instance', service, id };
    const current = this.standing(slot, await this.look(slot, 0, signal));
    if (current?.version !== version) return { ok: false, current };
    const agentId = await this.agentId(slot, signal);
    const write = randomUUID();
    const settings = { ...this.client.settings, ...item.hints };
    const body = registration(item.instance, {
      agentId,
      owner: this.owner,
      write,
      ttl: this.ttl,
      // What is being used stays so while it is written again.
      status: current?.owner === this.owner ? 'passing' : settings.initialStatus,
      settings,
    });
    if (!body) {
      throw new InvalidOptionError(
        `Expected the metadata of ${slotLabel(slot)} to fit into Consul's 64 pairs of 512 bytes, got more.`,
      );
    }
    this.held.set(slotId(slot), { slot, agentId });
    this.used = true;
    await this.client.call(
      { method: 'PUT', path: '/agent/service/register', query: { 'replace-existing-checks': 'true' }, body },
      { signal },
    );
    const seen = await this.synced(slot, signal, ({ all }) => all.find((entry) => entry.write === write));
    return { ok: true, version: versionOf(seen) };
  }

  /** Deregisters the instance where it is ours. */
  async remove(slot: InstanceSlot, signal: AbortSignal): Promise<void> {
    const held = this.held.get(slotId(slot));
    if (!held) return;
    this.held.delete(slotId(slot));
    if (!(await this.isOurs(held.agentId, signal))) return;
    await this.deregister(held.agentId, signal);
    await this.gone(slot, signal);
  }

  /** Deregisters everything that is ours. */
  async end(signal: AbortSignal): Promise<void> {
    const slots = [...this.held.values()].map(({ slot }) => slot);
    if (!this.used) return;
    await forEachLimited(await this.ours(signal), CONCURRENCY, async (agentId) => {
      await this.deregister(agentId, signal);
    });
    await forEachLimited(slots, CONCURRENCY, async (slot) => {
      await this.gone(slot, signal);
    });
    this.held.clear();
  }

  /** Ids in the agent of everything that bears our owner id. */
  private async ours(signal: AbortSignal): Promise<string[]> {
    const answer = await this.client.call(
      {
        method: 'GET',
        path: '/agent/services',
        query: { filter: `Meta["${OWNER}"] == "${this.owner}"` },
      },
      { signal },
    );
    return this.client.read(answer, () => Object.keys(answer.object()));
  }

  private async isOurs(agentId: string, signal: AbortSignal): Promise<boolean> {
    const service = await this.inAgent(agentId, signal);
    const meta = service?.Meta;
    return isObject(meta) && meta[OWNER] === this.owner;
  }

  /** Whether the check was passed; false when the agent does not know it. */
  private async pass(agentId: string, signal: AbortSignal): Promise<boolean> {
    const request: ConsulRequest = { method: 'PUT', path: `/agent/check/pass/${inPath(checkId(agentId))}` };
    const answer = await this.client.send(request, { signal });
    if (answer.ok) return true;
    if (isUnknown(answer)) return false;
    throw this.client.failure(request, answer);
  }

  private async deregister(agentId: string, signal: AbortSignal): Promise<void> {
    const request: ConsulRequest = { method: 'PUT', path: `/agent/service/deregister/${inPath(agentId)}` };
    const answer = await this.client.send(request, { signal });
    if (!answer.ok && !isUnknown(answer)) throw this.client.failure(request, answer);
  }

  /** The plain id, unless something else has it: registering would put ours in its place. */
  private async agentId(slot: InstanceSlot, signal: AbortSignal): Promise<string> {
    const { plain, qualified } = agentIds(slot.service, slot.id);
    const filter = anyCaseFilter('ID', plain);
    const answer = await this.client.call(
      { method: 'GET', path: '/agent/services', query: filter === undefined ? {} : { filter } },
      { signal },
    );
    const services = this.client.read(answer, () => answer.object());
    const taken = Object.entries(services).some(([agentId, service]) => {
      if (agentId.toLowerCase() !== plain.toLowerCase()) return false;
      return agentId !== plain || !isObject(service) || service.Service !== encodeName(slot.service);
    });
    return taken ? qualified : plain;
  }

  /** A service of the agent; undefined where it has none of that id, an empty one where it is not ours to see. */
  private async inAgent(
    agentId: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>> | undefined> {
    const request: ConsulRequest = { method: 'GET', path: `/agent/service/${inPath(agentId)}` };
    const answer = await this.client.send(request, { signal });
    if (answer.status === 404) return undefined;
    if (answer.status === 403) return {};
    if (!answer.ok) throw this.client.failure(request, answer);
    return this.client.read(answer, () => answer.object());
  }

  private async look(slot: InstanceSlot, index: number, signal: AbortSignal): Promise<Seen> {
    const { request } = viewOf(slot, this.client.settings);
    const query = index === 0 ? { consistent: '' } : { index: String(index), wait: SYNC_WAIT };
    const answer = await this.client.call({ ...request, query: { ...request.query, ...query } }, { signal });
    return this.client.read(answer, () => ({
      all: readHealth(slot.service, answer).all,
      index: answer.index,
    }));
  }

  private standing(slot: InstanceSlot, { all }: Seen): Entry | undefined {
    return occupant(slot, all).entries[0];
  }

  private async gone(slot: InstanceSlot, signal: AbortSignal): Promise<void> {
    await this.synced(slot, signal, ({ all }) => {
      const left = all.some((entry) => entry.id === slot.id && entry.owner === this.owner);
      return left ? undefined : true;
    });
  }

  /** Waits until the servers know what the agent was told: only then do others see it. */
  private async synced<T>(
    slot: InstanceSlot,
    signal: AbortSignal,
    find: (seen: Seen) => T | undefined,
  ): Promise<T> {
    const giveUpAt = this.clock.now() + SYNC_TIMEOUT;
    for (let index = 0; this.clock.now() < giveUpAt;) {
      const seen = await this.look(slot, index, signal);
      const found = find(seen);
      if (found !== undefined) return found;
      index = seen.index;
    }
    throw this.client.unavailable(
      new DeadlineExceededError(
        `The agent was told of ${slotLabel(slot)}, but the catalogue did not follow within ${SYNC_TIMEOUT} ms. ` +
          "Can the agent reach its servers, and may the token read the service's node (node:read)?",
      ),
    );
  }
}

/** «does not have associated TTL», «Unknown check», «Unknown service»: what an agent says that has lost its data. */
function isUnknown(answer: Answer): boolean {
  return answer.status === 404 || (answer.status === 500 && /associated TTL|unknown/i.test(answer.text));
}
