import { type KeyRecord, type PlainKey, entryKeyLabel } from '../../registry/entry-record.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';
import { type WriteResult } from '../../registry/registry.js';
import { type Answer, isObject } from './answer.js';
import { type ConsulClient } from './client.js';
import { decodeKey, isStoredKey, type StoredKey } from './key-codec.js';
import { encodeName, inPath } from './names.js';
import { flagsOf, type OwnerId } from './owner.js';
import { type ConsulRequest } from './transport.js';

/** Consul's floor for the TTL of a session, in seconds. */
export const MIN_SESSION_TTL = 10;
const MAX_SESSION_TTL = 86_400;

/** Writes that find the world changed look at it again this often, before they are given up. */
const ROUNDS = 3;

interface KvOperation {
  readonly KV: Readonly<Record<string, unknown>>;
}

/** What a transaction came to. */
type Outcome =
  | { readonly kind: 'done'; readonly answer: Answer }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'session-gone' };

/** Holds keys by a Consul session, which is made with the first key. */
export class KeyWriter {
  private session: string | undefined;
  private opening: Promise<string> | undefined;

  constructor(
    private readonly client: ConsulClient,
    private readonly owner: OwnerId,
    private readonly name: string,
    private readonly asked: number,
  ) {}

  /** Whether there is a session to renew. */
  get active(): boolean {
    return this.session !== undefined;
  }

  /** Seconds that Consul grants. */
  get ttl(): number {
    return Math.min(MAX_SESSION_TTL, Math.max(MIN_SESSION_TTL, Math.ceil(this.asked)));
  }

  /** @throws SessionGoneError when Consul has dropped the session, and the keys with it */
  async renew(signal: AbortSignal): Promise<void> {
    const { session } = this;
    if (session === undefined) return;
    const request: ConsulRequest = {
      method: 'PUT',
      path: `/session/renew/${inPath(session)}`,
      query: this.dc(),
    };
    const answer = await this.client.send(request, { signal });
    if (answer.absent) {
      if (await this.isGone(session, signal)) throw this.gone();
      throw this.client.unavailable(new Error(`Consul does not know session ${session} yet.`));
    }
    if (!answer.ok) throw this.client.failure(request, answer);
  }

  async write(record: KeyRecord, version: string | undefined, signal: AbortSignal): Promise<WriteResult> {
    for (let round = 1; round <= ROUNDS; round++) {
      const stored = version === undefined ? undefined : await this.read(record, signal);
      if (stored?.entry.version !== version) return { ok: false, current: stored?.entry };
      const session = await this.ensure(signal);
      const outcome = await this.transact(this.writing(record, stored, session), record, signal);
      if (outcome.kind === 'done')
        return { ok: true, version: String(this.client.read(outcome.answer, indexAfter)) };
      if (outcome.kind === 'session-gone') throw this.gone();
      const current = await this.read(record, signal);
      if (current?.entry.version !== version) return { ok: false, current: current?.entry };
    }
    throw this.client.unavailable(
      new Error(`Consul did not take ${entryKeyLabel({ kind: 'key', key: record.key })}.`),
    );
  }

  /** Removes the key where our session holds it, at the index that `version` names or that is read first. */
  async remove(entryKey: PlainKey, signal: AbortSignal, version?: string): Promise<void> {
    const { session } = this;
    if (session === undefined) return;
    const Key = encodeName(entryKey.key);
    for (let round = 1; round <= ROUNDS; round++) {
      const stored = version === undefined ? await this.read(entryKey, signal) : undefined;
      if (version === undefined && stored?.session !== session) return;
      const operations = [
        { KV: { Verb: 'check-session', Key, Session: session } },
        { KV: { Verb: 'check-index', Key, Index: stored?.modifyIndex ?? Number(version) } },
        { KV: { Verb: 'delete', Key } },
      ];
      const { kind } = await this.transact(operations, entryKey, signal);
      if (kind !== 'conflict' || version !== undefined) return;
    }
    throw this.client.unavailable(
      new Error(`${entryKeyLabel(entryKey)} was written as often as it was to be removed.`),
    );
  }

  /** Destroys the session, and Consul the keys with it. */
  async end(signal: AbortSignal): Promise<void> {
    // A session that is just being made would outlive us.
    await this.opening?.catch(() => undefined);
    const { session } = this;
    if (session === undefined) return;
    await this.client.call(
      { method: 'PUT', path: `/session/destroy/${inPath(session)}`, query: this.dc() },
      { signal },
    );
    this.session = undefined;
  }

  private async ensure(signal: AbortSignal): Promise<string> {
    if (this.session !== undefined) return this.session;
    this.opening ??= this.open(signal).finally(() => {
      this.opening = undefined;
    });
    return await this.opening;
  }

  private async open(signal: AbortSignal): Promise<string> {
    const request: ConsulRequest = {
      method: 'PUT',
      path: '/session/create',
      query: this.dc(),
      body: {
        Name: `${this.name} ${this.owner}`,
        TTL: `${this.ttl}s`,
        Behavior: 'delete',
        LockDelay: '0s',
        // No node check: keys live by their renewals alone, not by what the gossip thinks of the agent.
        Checks: [],
      },
    };
    const answer = await this.client.call(request, { signal });
    this.session = this.client.read(answer, () => {
      const id = answer.object().ID;
      if (typeof id !== 'string' || id === '') throw answer.unexpected('a session with an `ID`', id);
      return id;
    });
    return this.session;
  }

  /**
   * A server that has just been elected answers renewals before it has read all that was written before: only a
   * consistent read knows whether a session is really gone.
   */
  private async isGone(session: string, signal: AbortSignal): Promise<boolean> {
    const path = `/session/info/${inPath(session)}`;
    const request: ConsulRequest = { method: 'GET', path, query: { consistent: '', ...this.dc() } };
    const answer = await this.client.send(request, { signal });
    if (answer.denied) return true;
    if (!answer.ok) throw this.client.failure(request, answer);
    return this.client.read(answer, () => answer.array()).length === 0;
  }

  private gone(): SessionGoneError {
    this.session = undefined;
    return new SessionGoneError(this.client.url, this.owner);
  }

  /**
   * Guard and write in one transaction. A held key is let go in it first: another session's lock stands in the way,
   * and under our own Consul takes the same value written again for nothing new.
   */
  private writing(record: KeyRecord, stored: StoredKey | undefined, session: string): KvOperation[] {
    const Key = encodeName(record.key);
    const Value = Buffer.from(record.value).toString('base64');
    const lock: KvOperation = {
      KV: { Verb: 'lock', Key, Value, Flags: flagsOf(this.owner), Session: session },
    };
    if (!stored) return [{ KV: { Verb: 'check-not-exists', Key } }, lock];
    const guard: KvOperation = { KV: { Verb: 'check-index', Key, Index: stored.modifyIndex } };
    if (stored.session === undefined) return [guard, lock];
    return [guard, { KV: { Verb: 'unlock', Key, Value, Session: stored.session } }, lock];
  }

  private async transact(
    body: readonly KvOperation[],
    entryKey: { readonly key: string },
    signal: AbortSignal,
  ): Promise<Outcome> {
    const request: ConsulRequest = { method: 'PUT', path: '/txn', query: this.dc(), body };
    const answer = await this.client.send(request, { signal });
    if (answer.ok) return { kind: 'done', answer };
    if (answer.status !== 409) throw this.client.failure(request, answer);
    const said = this.client.read(answer, complaints);
    if (/permission denied/i.test(said))
      throw this.client.refused(request, `${said} for key "${entryKey.key}"`);
    if (said.includes('invalid session')) return { kind: 'session-gone' };
    if (said.includes('lock delay')) throw this.client.unavailable(new Error(said));
    return { kind: 'conflict' };
  }

  private async read(record: Pick<KeyRecord, 'key'>, signal: AbortSignal): Promise<StoredKey | undefined> {
    const entryKey: PlainKey = { kind: 'key', key: record.key };
    const request: ConsulRequest = {
      method: 'GET',
      path: `/kv/${inPath(encodeName(record.key))}`,
      query: { consistent: '', ...this.dc() },
    };
    const answer = await this.client.send(request, { signal });
    if (answer.absent) return undefined;
    if (!answer.ok) throw this.client.failure(request, answer);
    const [element] = this.client.read(answer, () => answer.array());
    if (element === undefined) return undefined;
    const decoded = decodeKey(entryKey, element);
    return isStoredKey(decoded) ? decoded : this.damaged(entryKey, element, decoded.reason);
  }

  /** A value that is no text may be written over like any other, as long as its index is known. */
  private damaged(entryKey: PlainKey, element: unknown, reason: string): StoredKey {
    const text = isObject(element) ? decodeKey(entryKey, { ...element, Value: null }) : undefined;
    if (text && isStoredKey(text)) return text;
    throw this.client.unavailable(new Error(reason));
  }

  private dc(): Readonly<Record<string, string>> {
    const { dc } = this.client.settings;
    return dc === undefined ? {} : { dc };
  }
}

function indexAfter(answer: Answer): number {
  const results = answer.object().Results;
  const last: unknown = Array.isArray(results) ? results.at(-1) : undefined;
  const kv = isObject(last) ? last.KV : undefined;
  const modifyIndex = isObject(kv) ? kv.ModifyIndex : undefined;
  if (typeof modifyIndex !== 'number') throw answer.unexpected('the results of a transaction', results);
  return modifyIndex;
}

function complaints(answer: Answer): string {
  const errors = answer.object().Errors;
  if (!Array.isArray(errors)) throw answer.unexpected('the errors of a transaction', errors);
  return errors
    .map((error: unknown) => (isObject(error) ? error.What : undefined))
    .filter((what) => typeof what === 'string')
    .join('; ');
}
