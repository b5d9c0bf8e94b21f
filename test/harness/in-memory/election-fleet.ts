import { pause } from '../../../lib/common/async/deadline.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { createElections } from '../../../lib/election/create-elections.js';
import { type ElectionClient } from '../../../lib/election/election-client.js';
import { memory, type MemorySource } from '../../../lib/registries/memory/memory.js';
import { type EntryRecord, type PlainKey } from '../../../lib/registry/entry-record.js';
import {
  type Registry,
  type Scope,
  type Session,
  type SessionOptions,
  type WatchBatch,
} from '../../../lib/registry/registry.js';
import { FaultyRegistry } from '../../../lib/testing/faulty-registry.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { type LeaderSample } from '../../chaos/validators/leaders.js';
import { GatedClock } from './gated-clock.js';

/** The name of the election of a fleet. */
export const ELECTION = 'job';
/** Seconds. */
export const FLEET_TTL = 10;

const KEY: PlainKey = { kind: 'key', space: 'elections', key: ELECTION };
/** How many times its TTL a session without the local deadline pretends to have. */
const PRETENCE = 1_000;

const POLL_INTERVAL_MS = 300;

/** How the processes of a fleet differ from those in production. */
export interface FleetOptions {
  /** Processes trust their leadership until they hear of its end. */
  readonly withoutDeadline?: boolean;
  /** Watches deliver complete listings, and miss changes in between. */
  readonly listings?: boolean;
}

/** One simulated process. */
export interface FleetMember {
  readonly who: string;
  readonly clock: GatedClock;
  readonly registry: FaultyRegistry;
  readonly client: ElectionClient;
}

/** Processes that campaign in one election over a registry in memory, on one virtual clock. */
export class ElectionFleet {
  readonly clock = new VirtualClock();
  readonly source: MemorySource = memory({ history: 10_000 });
  readonly samples: LeaderSample[] = [];
  readonly members: FleetMember[] = [];
  private started = 0;

  constructor(
    private readonly random: () => number,
    private readonly options: FleetOptions = {},
  ) {}

  async start(): Promise<FleetMember> {
    const who = `p${this.started++}`;
    // Clocks of different machines differ by far less than this.
    const clock = new GatedClock(this.clock, 0.99 + 0.02 * this.random());
    const inner = await this.source.open({ clock: this.clock, random: this.random, logger: silentLogger });
    const registry = new FaultyRegistry(new GatedRegistry(inner, clock, this.options), clock);
    const { random } = this;
    const client = createElections({
      registry,
      clock,
      random,
      logger: silentLogger,
      ttl: FLEET_TTL,
      name: who,
    });
    client.of(ELECTION).campaign();
    const member = { who, clock, registry, client };
    this.members.push(member);
    return member;
  }

  /** Ends a process as SIGKILL does: nothing of it is said to the registry. */
  kill(member: FleetMember): void {
    this.members.splice(this.members.indexOf(member), 1);
    member.registry.fail('hang');
    member.clock.pause();
    this.samples.push({ who: member.who, at: this.clock.now(), term: undefined });
  }

  /** Resumes a process. It looks at its leadership before any timer or answer. */
  resume(member: FleetMember): void {
    const { who, client, clock } = member;
    this.samples.push({ who, at: this.clock.now(), term: client.of(ELECTION).term });
    clock.resume();
  }

  /** Has each process that runs look at its leadership. */
  sample(): void {
    for (const { who, clock, client } of this.members)
      if (!clock.isPaused) this.samples.push({ who, at: this.clock.now(), term: client.of(ELECTION).term });
  }

  /** Lets time pass, with looks in between. */
  async run(ms: number, stepMs = 100): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.clock.advance(stepMs);
      this.sample();
    }
  }

  /** Removes the record, as an operator would. */
  deleteRecord(): void {
    this.source.store.remove(KEY);
  }

  /** Revokes the session that holds the record, as an operator would. */
  revokeLeader(): void {
    const owner = this.source.store.entry(KEY)?.owner;
    if (owner !== undefined) this.source.store.revoke(owner);
  }

  get leaders(): string[] {
    return this.members.filter(({ client }) => client.of(ELECTION).isLeader).map(({ who }) => who);
  }

  async close(): Promise<void> {
    const closing = this.members.map(async ({ client, clock, registry }) => {
      clock.resume();
      registry.heal();
      await client.close(0);
    });
    await this.clock.advance(30_000);
    await Promise.all(closing);
  }
}

/** Holds back requests and answers while the process is paused. */
class GatedRegistry implements Registry {
  readonly driver: string;
  readonly url: string;

  constructor(
    private readonly inner: Registry,
    private readonly clock: GatedClock,
    private readonly options: FleetOptions,
  ) {
    this.driver = inner.driver;
    this.url = inner.url;
  }

  async openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    const session = await this.gated(() => this.inner.openSession(options, signal));
    const gated = <T>(run: () => Promise<T>): Promise<T> => this.gated(run);
    const factor = this.options.withoutDeadline === true ? PRETENCE : 1;
    return {
      id: session.id,
      ttl: session.ttl * factor,
      renew: (inner) => gated(() => session.renew(inner)),
      write: (record, version, inner) => gated(() => session.write(honest(record, factor), version, inner)),
      remove: (entryKey, inner, version) => gated(() => session.remove(entryKey, inner, version)),
      end: (inner) => gated(() => session.end(inner)),
    };
  }

  list: Registry['list'] = (scope, signal) => this.gated(() => this.inner.list(scope, signal));
  discard = (...given: Parameters<NonNullable<Registry['discard']>>): Promise<boolean> =>
    this.gated(async () => (await this.inner.discard?.(...given)) ?? false);

  async *watch(scope: Scope, cursor: string, signal: AbortSignal): AsyncGenerator<WatchBatch, void, void> {
    const batches =
      this.options.listings === true
        ? this.poll(scope, cursor, signal)
        : this.inner.watch(scope, cursor, signal);
    for await (const batch of batches) {
      await this.clock.running();
      yield batch;
    }
  }

  /** Watches as Consul does: complete listings, which miss what happens between two of them. */
  private async *poll(
    scope: Scope,
    cursor: string,
    signal: AbortSignal,
  ): AsyncGenerator<WatchBatch, void, void> {
    let last = cursor;
    while (!signal.aborted) {
      const listing = await this.inner.list(scope, signal);
      if (listing.cursor !== last) yield { kind: 'listing', listing };
      else yield { kind: 'changes', changes: [], cursor: last };
      last = listing.cursor;
      await pause(this.clock, POLL_INTERVAL_MS, signal).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await this.inner.close();
  }

  private async gated<T>(run: () => Promise<T>): Promise<T> {
    await this.clock.running();
    const result = await run();
    await this.clock.running();
    return result;
  }
}

/** Writes the real TTL into a record of a session that pretends to have a longer one. */
function honest(record: EntryRecord, factor: number): EntryRecord {
  if (record.kind !== 'key' || factor === 1) return record;
  const value = JSON.parse(record.value) as { ttl: number };
  return { ...record, value: JSON.stringify({ ...value, ttl: value.ttl / factor }) };
}
