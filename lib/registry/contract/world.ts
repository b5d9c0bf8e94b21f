import assert from 'node:assert/strict';
import { systemClock } from '../../common/clock.js';
import { pause } from '../../common/async/deadline.js';
import { completeInstance, type PartialInstance } from '../instance.js';
import { type InstanceRecord, type KeyRecord, type EntryKey } from '../entry-record.js';
import { type RegistryEntry, type Registry, type Scope, type Session, type WatchBatch } from '../registry.js';
import { type ContractCapabilities, type ContractSubject, type RegistryContract } from './contract.js';
import { Mirror } from './mirror.js';

/** How often a condition is checked. */
const POLL_INTERVAL_MS = 20;
/** Seconds. No case renews a session of this TTL, and one writes 500 entries. */
const LONG_TTL = 600;
/** How long to wait for an effect that should occur at once. */
const DEFAULT_WAIT_MS = 30_000;

const run = systemClock.wall().toString(36);
let made = 0;

/** Returns a name that is unique across cases and runs, so that all can share one server. */
export function unique(prefix: string): string {
  made += 1;
  return `${prefix}-${run}-${process.pid}-${made}`;
}

/** The tools of one case. Closes all connections, sessions and watches that the case leaves open. */
export class World<S extends ContractSubject = ContractSubject> {
  readonly signal: AbortSignal = new AbortController().signal;
  private readonly connections: Registry[] = [];
  private readonly opened: Session[] = [];
  private readonly mirrors: Mirror[] = [];

  private constructor(
    readonly contract: RegistryContract<S>,
    readonly subject: S,
  ) {}

  static async open<S extends ContractSubject>(contract: RegistryContract<S>): Promise<World<S>> {
    const world = new World(contract, await contract.open());
    await world.connect();
    return world;
  }

  /** The first connection. */
  get registry(): Registry {
    const [first] = this.connections;
    assert.ok(first);
    return first;
  }

  /** The TTL, in seconds, of a session that expires within the case. */
  get ttl(): number {
    return this.contract.ttl ?? 2;
  }

  /** Milliseconds after the last renewal within which an entry must be removed. */
  get expiryMs(): number {
    return this.contract.expiryMs ?? this.ttl * 1_000 + 3_000;
  }

  can(capability: keyof ContractCapabilities): boolean {
    return this.contract.capabilities?.[capability] ?? capability !== 'datacenters';
  }

  async connect(): Promise<Registry> {
    const registry = await this.subject.connect();
    this.connections.push(registry);
    return registry;
  }

  /** Opens a session. With the default TTL it outlives the case, on a slow machine too. */
  async session(registry = this.registry, ttl = Math.max(LONG_TTL, this.ttl)): Promise<Session> {
    const session = await registry.openSession({ ttl, name: 'contract' }, this.signal);
    this.opened.push(session);
    return session;
  }

  /** Returns a key with this value, or an instance if the registry has no keys. For cases that work with either. */
  record(value: string, name = unique('item')): KeyRecord | InstanceRecord {
    return this.can('keys')
      ? { kind: 'key', key: name, value }
      : instance({ service: name, id: 'one', address: '10.0.0.1', port: 80, meta: { value } });
  }

  /** Writes `record`, asserts that the write succeeds, and returns the version. */
  async put(session: Session, record: KeyRecord | InstanceRecord, version?: string): Promise<string> {
    const written = await session.write(record, version, this.signal);
    assert.ok(written.ok, `the write was refused: ${JSON.stringify(written)}`);
    return written.version;
  }

  async entries(scope: Scope, registry = this.registry): Promise<readonly RegistryEntry[]> {
    return (await registry.list(scope, this.signal)).entries;
  }

  /** Returns the entry of `entryKey`, or undefined. */
  async entry(entryKey: EntryKey, registry = this.registry): Promise<RegistryEntry | undefined> {
    const entries = await this.entries(entryKey, registry);
    assert.ok(entries.length <= 1, 'an entry key has at most one entry');
    return entries[0];
  }

  /** Lists `scope` and watches it until the end of the case. */
  async mirror(scope: Scope, registry = this.registry): Promise<Mirror> {
    const mirror = await Mirror.start(registry, scope);
    this.mirrors.push(mirror);
    return mirror;
  }

  /** Lets `ms` milliseconds pass, on the virtual clock if there is one. */
  async advance(ms: number): Promise<void> {
    if (this.subject.advance) await this.subject.advance(ms);
    else await pause(systemClock, ms);
  }

  /**
   * Waits until `holds` returns true.
   *
   * @throws AssertionError after `withinMs` milliseconds
   */
  async eventually(
    what: string,
    holds: () => boolean | Promise<boolean>,
    withinMs = DEFAULT_WAIT_MS,
  ): Promise<void> {
    const start = systemClock.now();
    let virtual = 0;
    while (!(await holds())) {
      const waited = this.subject.advance ? virtual : systemClock.now() - start;
      assert.ok(waited < withinMs, `expected that ${what}, but not within ${Math.round(waited)} ms`);
      await this.advance(POLL_INTERVAL_MS);
      virtual += POLL_INTERVAL_MS;
    }
  }

  /** Closes everything. @throws the error of a watch that failed */
  async end(): Promise<void> {
    const stopped = await Promise.allSettled(this.mirrors.map((mirror) => mirror.stop()));
    await Promise.allSettled(this.opened.map((session) => session.end(this.signal)));
    await Promise.all(this.connections.map((registry) => registry.close()));
    await this.subject.close?.();
    for (const result of stopped) if (result.status === 'rejected') throw result.reason;
  }
}

/** Returns an instance record with all defaults filled in. */
export function instance(partial: PartialInstance): InstanceRecord {
  return { kind: 'instance', instance: completeInstance(partial) };
}

/** Reads a watch to its end. */
export async function drain(batches: AsyncIterable<WatchBatch>): Promise<void> {
  const iterator = batches[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}

/** Returns the value that {@link World.record} stored in the entry. */
export function valueOf(entry: RegistryEntry | undefined): string | undefined {
  if (!entry) return undefined;
  return entry.record.kind === 'key' ? entry.record.value : entry.record.instance.meta.value;
}
