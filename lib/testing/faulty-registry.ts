import { abortReason, onAbort } from '../common/async/abort.js';
import { type Clock } from '../common/clock.js';
import { pause } from '../common/async/deadline.js';
import { RegistryRefusedError, RegistryUnavailableError } from '../common/errors/index.js';
import { type EntryRecord, type EntryKey } from '../registry/entry-record.js';
import {
  type Cursor,
  type Listing,
  type Registry,
  type Renewal,
  type Scope,
  type Session,
  type SessionOptions,
  type WatchBatch,
  type WatchOptions,
  type WriteResult,
} from '../registry/registry.js';

/** How a {@link FaultyRegistry} treats a request. */
export type Fault =
  | 'none'
  /** Rejects at once with a `RegistryUnavailableError`, like a closed port. The request does not reach the registry. */
  | 'down'
  /** Rejects with a `RegistryRefusedError`, like a registry that denies permission. */
  | 'refuse'
  /** Never responds, like a stopped server. The request does not reach the registry. */
  | 'hang'
  /** Executes the request but never responds, like a connection that is cut before the response. */
  | 'swallow';

/** The kinds of request. A fault can be limited to one of them. */
export type RequestKind = 'open' | 'renew' | 'write' | 'remove' | 'discard' | 'end' | 'list' | 'watch';

/** Wraps a registry and injects the faults that a test sets. */
export class FaultyRegistry implements Registry {
  readonly driver: string;
  readonly url: string;
  readonly reportsCauses: boolean;
  readonly listTimeoutMs?: number;
  readonly discard?: NonNullable<Registry['discard']>;
  readonly services?: NonNullable<Registry['services']>;
  readonly keys?: NonNullable<Registry['keys']>;
  readonly members?: NonNullable<Registry['members']>;
  readonly advertisedAddress?: NonNullable<Registry['advertisedAddress']>;
  /** The number of requests of each kind, failed ones included. */
  readonly requests = new Map<RequestKind, number>();
  private readonly faults = new Map<RequestKind, Fault>();
  private faultOfAll: Fault = 'none';
  private delayMs = 0;
  private cut = new AbortController();

  constructor(
    private readonly inner: Registry,
    private readonly clock: Clock,
  ) {
    this.driver = inner.driver;
    this.url = inner.url;
    this.reportsCauses = inner.reportsCauses ?? true;
    if (inner.listTimeoutMs !== undefined) this.listTimeoutMs = inner.listTimeoutMs;
    const discard = inner.discard?.bind(inner);
    if (discard)
      this.discard = (entryKey, version, signal) =>
        this.request('discard', signal, () => discard(entryKey, version, signal));
    const list = async <T>(signal: AbortSignal, run: () => Promise<T>): Promise<T> =>
      await this.request('list', signal, run);
    const services = inner.services?.bind(inner);
    const keys = inner.keys?.bind(inner);
    const members = inner.members?.bind(inner);
    const advertised = inner.advertisedAddress?.bind(inner);
    if (services) this.services = (signal) => list(signal, () => services(signal));
    if (keys) this.keys = (prefix, signal) => list(signal, () => keys(prefix, signal));
    if (members) this.members = (signal) => list(signal, () => members(signal));
    if (advertised) this.advertisedAddress = (signal) => list(signal, () => advertised(signal));
  }

  /** Applies `fault` to all further requests, or to those of one kind. Cuts running watches if it applies to them. */
  fail(fault: Fault, kind?: RequestKind): void {
    if (kind === undefined) this.faultOfAll = fault;
    else this.faults.set(kind, fault);
    if (fault !== 'none' && (kind === undefined || kind === 'watch')) {
      this.cut.abort(fault === 'refuse' ? this.refusal('watch') : this.error());
      this.cut = new AbortController();
    }
  }

  /** Removes all faults. */
  heal(): void {
    this.faultOfAll = 'none';
    this.faults.clear();
  }

  /** Delays all further requests by `delayMs` milliseconds. */
  slow(delayMs: number): void {
    this.delayMs = delayMs;
  }

  /** Returns the number of requests of this kind. */
  count(kind: RequestKind): number {
    return this.requests.get(kind) ?? 0;
  }

  async openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    return this.wrap(await this.request('open', signal, () => this.inner.openSession(options, signal)));
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    return await this.request('list', signal, () => this.inner.list(scope, signal));
  }

  async *watch(
    scope: Scope,
    cursor: Cursor,
    signal: AbortSignal,
    options?: WatchOptions,
  ): AsyncGenerator<WatchBatch, void, void> {
    await this.request('watch', signal, () => Promise.resolve());
    const cut = this.cut.signal;
    yield* this.inner.watch(scope, cursor, AbortSignal.any([signal, cut]), options);
    if (cut.aborted && !signal.aborted) throw abortReason(cut);
  }

  async close(): Promise<void> {
    await this.inner.close();
  }

  private wrap(session: Session): Session {
    return {
      id: session.id,
      ttl: session.ttl,
      ...(session.renewTimeoutMs === undefined ? {} : { renewTimeoutMs: session.renewTimeoutMs }),
      ...(session.writeTimeoutMs === undefined ? {} : { writeTimeoutMs: session.writeTimeoutMs }),
      renew: (signal, patient): Promise<Renewal> =>
        this.request('renew', signal, () => session.renew(signal, patient)),
      write: (record: EntryRecord, version, signal): Promise<WriteResult> =>
        this.request('write', signal, () => session.write(record, version, signal)),
      remove: (entryKey: EntryKey, signal, version) =>
        this.request('remove', signal, () => session.remove(entryKey, signal, version)),
      end: (signal) => this.request('end', signal, () => session.end(signal)),
    };
  }

  private async request<T>(kind: RequestKind, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
    this.requests.set(kind, this.count(kind) + 1);
    if (this.delayMs > 0) await pause(this.clock, this.delayMs, signal);
    const fault = this.faultOfAll === 'none' ? (this.faults.get(kind) ?? 'none') : this.faultOfAll;
    switch (fault) {
      case 'down':
        throw this.error();
      case 'refuse':
        throw this.refusal(kind);
      case 'swallow':
        await run().catch(() => undefined);
        return await never(signal);
      case 'hang':
        return await never(signal);
      case 'none':
        return await run();
    }
  }

  private refusal(kind: RequestKind): RegistryRefusedError {
    return new RegistryRefusedError(`The registry ${this.url} refused to ${kind}: the test has denied it.`);
  }

  private error(): RegistryUnavailableError {
    const error = new Error('the test has taken it down');
    return new RegistryUnavailableError(this.url, [{ endpoint: this.url, error }]);
  }
}

async function never(signal: AbortSignal): Promise<never> {
  return await new Promise<never>((_resolve, reject) => {
    onAbort(signal, () => {
      reject(abortReason(signal));
    });
  });
}
