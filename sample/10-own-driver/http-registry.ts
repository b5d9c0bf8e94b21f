import { setTimeout as sleep } from 'node:timers/promises';
import { ClosedError, RegistryRefusedError, RegistryUnavailableError } from 'nestjs-sidekick';
import {
  checkRecord,
  checkScope,
  completeListing,
  type Cursor,
  type EntryKey,
  type EntryRecord,
  type Listing,
  type Registry,
  type RegistrySource,
  type Renewal,
  type Scope,
  type Session,
  SessionGoneError,
  type SessionOptions,
  SIGN_OF_LIFE_MS,
  type WatchBatch,
  type WriteResult,
} from 'nestjs-sidekick/registry';
import { type Requests, SESSION_GONE } from './protocol.js';

/** The store has no watches, so the driver polls. */
const POLL_MS = 200;

/** A registry in the store at `url`. Creating it opens nothing; both modules of an application share one connection. */
export function httpRegistry(url: string): RegistrySource {
  return {
    identity: `http-store:${url}`,
    url,
    open: async () => await Promise.resolve(new HttpRegistry(url)),
  };
}

class HttpRegistry implements Registry {
  readonly driver = 'http-store';
  /** The store does not know whether an entry expired or was removed. */
  readonly reportsCauses = false;
  private readonly closing = new AbortController();

  constructor(readonly url: string) {}

  async openSession({ ttl }: SessionOptions, signal: AbortSignal): Promise<Session> {
    const opened = await this.request('open', { ttl }, signal);
    return new HttpSession(this, opened.session, opened.ttl);
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    checkScope(scope);
    if (scope.kind === 'service' && scope.dc !== undefined)
      throw new RegistryRefusedError(`The store ${this.url} has no datacenters, got "${scope.dc}".`);
    const { entries } = await this.request('list', { scope }, signal);
    // The cursor is a digest of the content.
    return completeListing(entries, []);
  }

  async *watch(scope: Scope, from: Cursor, signal: AbortSignal): AsyncGenerator<WatchBatch, void, void> {
    if (this.closing.signal.aborted) throw new ClosedError(`The store ${this.url}`);
    const ended = AbortSignal.any([signal, this.closing.signal]);
    let cursor = from;
    let yielded = performance.now();
    try {
      for (;;) {
        const listing = await this.list(scope, ended);
        if (listing.cursor !== cursor) yield { kind: 'listing', listing };
        else if (performance.now() - yielded > SIGN_OF_LIFE_MS / 2)
          yield { kind: 'changes', changes: [], cursor };
        else {
          await sleep(POLL_MS, undefined, { signal: ended });
          continue;
        }
        cursor = listing.cursor;
        yielded = performance.now();
      }
    } catch (error) {
      if (!ended.aborted) throw error;
    }
  }

  async close(): Promise<void> {
    this.closing.abort(new ClosedError(`The store ${this.url}`));
    await Promise.resolve();
  }

  /** @throws RegistryUnavailableError when the store does not answer, SessionGoneError when it has lost the session */
  async request<Name extends keyof Requests>(
    name: Name,
    body: Requests[Name][0],
    signal: AbortSignal,
  ): Promise<Requests[Name][1]> {
    const either = AbortSignal.any([signal, this.closing.signal]);
    either.throwIfAborted();
    try {
      const response = await fetch(new URL(name, this.url), {
        method: 'POST',
        body: JSON.stringify(body),
        signal: either,
      });
      if (response.status === SESSION_GONE && 'session' in body)
        throw new SessionGoneError(this.url, body.session);
      if (!response.ok) throw new Error(`status ${response.status}`);
      return (await response.json()) as Requests[Name][1];
    } catch (error) {
      either.throwIfAborted();
      if (error instanceof SessionGoneError) throw error;
      const failure = error instanceof Error ? error : new Error(String(error));
      throw new RegistryUnavailableError(this.url, [{ endpoint: this.url, error: failure }], {
        cause: error,
      });
    }
  }
}

/** Keeps entries alive: they go with the session when it is not renewed for `ttl` seconds. */
class HttpSession implements Session {
  constructor(
    private readonly registry: HttpRegistry,
    readonly id: string,
    readonly ttl: number,
  ) {}

  async renew(signal: AbortSignal): Promise<Renewal> {
    return await this.registry.request('renew', { session: this.id }, signal);
  }

  async write(record: EntryRecord, version: string | undefined, signal: AbortSignal): Promise<WriteResult> {
    checkRecord(record);
    const guard = version === undefined ? {} : { version };
    const result = await this.registry.request('write', { session: this.id, record, ...guard }, signal);
    // JSON has no `undefined`.
    return result.ok ? result : { ok: false, current: result.current };
  }

  async remove(entryKey: EntryKey, signal: AbortSignal, version?: string): Promise<void> {
    checkScope(entryKey);
    const guard = version === undefined ? {} : { version };
    await this.registry.request('remove', { session: this.id, entryKey, ...guard }, signal);
  }

  async end(signal: AbortSignal): Promise<void> {
    await this.registry.request('end', { session: this.id }, signal);
  }
}
