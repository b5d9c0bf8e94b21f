import {
  type KeyRecord,
  type PlainKey,
  entryKeyLabel,
  entryKeyOf,
  isReserved,
} from '../../registry/entry-record.js';
import { type WriteResult } from '../../registry/registry.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';
import { type ConsulClient } from './client.js';
import { isObject } from './consul-response.js';
import { decodeKey, isStoredKey, type StoredKey } from './key-codec.js';
import { indexesOf, type KvOperation, transact } from './kv-transaction.js';
import { inPath, kvKeyOf } from './names.js';
import { flagsOf, type OwnerId } from './owner.js';
import { type ConsulRequest } from './transport.js';

/** Consul's limits for the TTL of a session. */
export const MIN_SESSION_TTL_SECONDS = 10;
const MAX_SESSION_TTL_SECONDS = 86_400;

/** How often a write or removal is attempted while other clients change the key in between. */
const MAX_ATTEMPTS = 3;

/** Writes keys that a Consul session locks. The session is created with the first key. */
export class KeyWriter {
  private session: string | undefined;
  private creating: Promise<string> | undefined;

  /**
   * @param name shown with the Consul session, for operators
   * @param requestedTtl seconds
   */
  constructor(
    private readonly client: ConsulClient,
    private readonly owner: OwnerId,
    private readonly name: string,
    private readonly requestedTtl: number,
  ) {}

  /** Whether there is a Consul session to renew. */
  get active(): boolean {
    return this.session !== undefined;
  }

  /** Seconds that Consul grants. */
  get ttl(): number {
    return Math.min(MAX_SESSION_TTL_SECONDS, Math.max(MIN_SESSION_TTL_SECONDS, Math.ceil(this.requestedTtl)));
  }

  /**
   * Renews the Consul session, if there is one.
   *
   * @throws SessionGoneError when Consul has invalidated the session and deleted its keys
   */
  async renew(signal: AbortSignal): Promise<void> {
    const { session } = this;
    if (session === undefined) return;
    const request: ConsulRequest = {
      method: 'PUT',
      path: `/session/renew/${inPath(session)}`,
      query: this.dcQuery(),
    };
    const response = await this.client.send(request, { signal });
    if (response.absent) {
      if (await this.isSessionGone(session, signal)) throw this.sessionGone();
      throw this.client.unavailable(new Error(`Consul does not know session ${session} yet.`));
    }
    if (!response.ok) throw this.client.errorOf(request, response);
  }

  /**
   * Writes the key if it still has `version`.
   *
   * @throws SessionGoneError when Consul no longer has the session
   */
  async write(record: KeyRecord, version: string | undefined, signal: AbortSignal): Promise<WriteResult> {
    const entryKey = entryKeyOf(record);
    for (let tries = 1; tries <= MAX_ATTEMPTS; tries++) {
      const stored = version === undefined ? undefined : await this.read(entryKey, signal);
      if (stored?.entry.version !== version) return { ok: false, current: stored?.entry };
      const session = await this.ensureSession(signal);
      const outcome = await transact(
        this.client,
        this.writeOperations(record, stored, session),
        entryKey,
        signal,
      );
      if (outcome.kind === 'done') {
        const { modifyIndex, createIndex } = this.client.read(outcome.response, indexesOf);
        // A key whose value was unreadable is locked in place, and keeps its create index.
        const created = isReserved(entryKey) && stored === undefined;
        return {
          ok: true,
          version: String(modifyIndex),
          ...(created ? { createRevision: String(createIndex) } : {}),
        };
      }
      if (outcome.kind === 'session-gone') throw this.sessionGone();
      const current = await this.read(entryKey, signal);
      if (current?.entry.version !== version) return { ok: false, current: current?.entry };
    }
    throw this.client.unavailable(
      new Error(
        `Consul rejected ${MAX_ATTEMPTS} writes of ${entryKeyLabel(entryKey)}, although its version did not change.`,
      ),
    );
  }

  /**
   * Removes the key where this session locks it.
   *
   * @param version remove only this version; without it, the version that is read first
   */
  async remove(entryKey: PlainKey, signal: AbortSignal, version?: string): Promise<void> {
    const { session } = this;
    if (session === undefined) return;
    const Key = kvKeyOf(entryKey);
    for (let tries = 1; tries <= MAX_ATTEMPTS; tries++) {
      const stored = version === undefined ? await this.read(entryKey, signal) : undefined;
      if (version === undefined && stored?.session !== session) return;
      const operations = [
        { KV: { Verb: 'check-session', Key, Session: session } },
        { KV: { Verb: 'check-index', Key, Index: stored?.modifyIndex ?? Number(version) } },
        { KV: { Verb: 'delete', Key } },
      ];
      const { kind } = await transact(this.client, operations, entryKey, signal);
      if (kind !== 'conflict' || version !== undefined) return;
    }
    throw this.client.unavailable(
      new Error(`${MAX_ATTEMPTS} removals of ${entryKeyLabel(entryKey)} conflicted with writes.`),
    );
  }

  /** Destroys the Consul session. Consul deletes its keys with it. */
  async end(signal: AbortSignal): Promise<void> {
    // A session whose creation is in flight would otherwise outlive this one.
    await this.creating?.catch(() => undefined);
    const { session } = this;
    if (session === undefined) return;
    await this.client.call(
      { method: 'PUT', path: `/session/destroy/${inPath(session)}`, query: this.dcQuery() },
      { signal },
    );
    this.session = undefined;
  }

  private async ensureSession(signal: AbortSignal): Promise<string> {
    if (this.session !== undefined) return this.session;
    this.creating ??= this.createSession(signal).finally(() => {
      this.creating = undefined;
    });
    return await this.creating;
  }

  private async createSession(signal: AbortSignal): Promise<string> {
    const request: ConsulRequest = {
      method: 'PUT',
      path: '/session/create',
      query: this.dcQuery(),
      body: {
        Name: `${this.name} ${this.owner}`,
        TTL: `${this.ttl}s`,
        Behavior: 'delete',
        LockDelay: '0s',
        // Without the default node check, the health of the agent's node does not invalidate the session.
        Checks: [],
      },
    };
    const response = await this.client.call(request, { signal, timeoutMs: this.client.writeTimeoutMs });
    this.session = this.client.read(response, () => {
      const id = response.object().ID;
      if (typeof id !== 'string' || id === '') throw response.unexpected('a session with an `ID`', id);
      return id;
    });
    return this.session;
  }

  /**
   * Verifies by a consistent read that the session is gone. A newly elected server responds to renewals before it has
   * applied all earlier writes, so its 404 alone proves nothing.
   */
  private async isSessionGone(session: string, signal: AbortSignal): Promise<boolean> {
    const path = `/session/info/${inPath(session)}`;
    const request: ConsulRequest = { method: 'GET', path, query: { consistent: '', ...this.dcQuery() } };
    const response = await this.client.send(request, { signal });
    if (response.denied) return true;
    if (!response.ok) throw this.client.errorOf(request, response);
    return this.client.read(response, () => response.array()).length === 0;
  }

  private sessionGone(): SessionGoneError {
    this.session = undefined;
    return new SessionGoneError(this.client.url, this.owner);
  }

  /**
   * Guard and write, for one transaction. It unlocks a locked key first: another session's lock would reject the write,
   * and under this session's own lock Consul would ignore a write of the same value.
   */
  private writeOperations(record: KeyRecord, stored: StoredKey | undefined, session: string): KvOperation[] {
    const Key = kvKeyOf(entryKeyOf(record));
    const Value = Buffer.from(record.value).toString('base64');
    const lock: KvOperation = {
      KV: { Verb: 'lock', Key, Value, Flags: flagsOf(this.owner), Session: session },
    };
    if (!stored) return [{ KV: { Verb: 'check-not-exists', Key } }, lock];
    const guard: KvOperation = { KV: { Verb: 'check-index', Key, Index: stored.modifyIndex } };
    if (stored.session === undefined) return [guard, lock];
    return [guard, { KV: { Verb: 'unlock', Key, Value, Session: stored.session } }, lock];
  }

  private async read(entryKey: PlainKey, signal: AbortSignal): Promise<StoredKey | undefined> {
    const request: ConsulRequest = {
      method: 'GET',
      path: `/kv/${inPath(kvKeyOf(entryKey))}`,
      query: { consistent: '', ...this.dcQuery() },
    };
    const response = await this.client.send(request, { signal, timeoutMs: this.client.writeTimeoutMs });
    if (response.absent) return undefined;
    if (!response.ok) throw this.client.errorOf(request, response);
    const [element] = this.client.read(response, () => response.array());
    if (element === undefined) return undefined;
    const decoded = decodeKey(entryKey, element);
    return isStoredKey(decoded) ? decoded : this.withoutValue(entryKey, element, decoded.reason);
  }

  /** A key whose value cannot be decoded. It may be overwritten like any other if its index is valid. */
  private withoutValue(entryKey: PlainKey, element: unknown, reason: string): StoredKey {
    const stored = isObject(element) ? decodeKey(entryKey, { ...element, Value: null }) : undefined;
    if (stored && isStoredKey(stored)) return stored;
    throw this.client.unavailable(new Error(reason));
  }

  private dcQuery(): Readonly<Record<string, string>> {
    const { dc } = this.client.settings;
    return dc === undefined ? {} : { dc };
  }
}
