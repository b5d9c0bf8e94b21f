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
  type WriteResult,
} from '../registry/registry.js';

/** What a {@link FaultyRegistry} does to each request. */
export type Fault =
  | 'none'
  /** Refuses at once, as a closed port does. The request never arrives. */
  | 'down'
  /** Denies the request, as a registry does whose permissions do not cover it. */
  | 'refuse'
  /** Never answers, as a stopped server does. The request never arrives. */
  | 'hang'
  /** Carries the request out and never answers, as a cut connection does. */
  | 'swallow';

/** Requests a fault can be limited to. */
export type RequestKind = 'open' | 'renew' | 'write' | 'remove' | 'end' | 'list' | 'watch';

/** A registry around another one whose faults a test commands. */
export class FaultyRegistry implements Registry {
  readonly driver: string;
  readonly url: string;
  readonly reportsCauses: boolean;
  /** How often each kind of request was made, whatever came of it. */
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
  }

  /** Does `fault` to every request, or to those of one kind, from now on. Running watches are cut. */
  fail(fault: Fault, kind?: RequestKind): void {
    if (kind === undefined) this.faultOfAll = fault;
    else this.faults.set(kind, fault);
    if (fault !== 'none' && (kind === undefined || kind === 'watch')) {
      this.cut.abort(this.error());
      this.cut = new AbortController();
    }
  }

  /** Everything works again. */
  heal(): void {
    this.faultOfAll = 'none';
    this.faults.clear();
  }

  /** Makes every request wait before it is carried out, in milliseconds. */
  slow(delay: number): void {
    this.delayMs = delay;
  }

  /** How often this kind of request was made. */
  count(kind: RequestKind): number {
    return this.requests.get(kind) ?? 0;
  }

  async openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    return this.wrap(await this.request('open', signal, () => this.inner.openSession(options, signal)));
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    return await this.request('list', signal, () => this.inner.list(scope, signal));
  }

  async *watch(scope: Scope, cursor: Cursor, signal: AbortSignal): AsyncGenerator<WatchBatch, void, void> {
    await this.request('watch', signal, () => Promise.resolve());
    const cut = this.cut.signal;
    yield* this.inner.watch(scope, cursor, AbortSignal.any([signal, cut]));
    if (cut.aborted && !signal.aborted) throw this.error();
  }

  async close(): Promise<void> {
    await this.inner.close();
  }

  private wrap(session: Session): Session {
    return {
      id: session.id,
      ttl: session.ttl,
      ...(session.renewTimeoutMs === undefined ? {} : { renewTimeoutMs: session.renewTimeoutMs }),
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
        throw new RegistryRefusedError(`The registry ${this.url} refused to ${kind}: the test denies it.`);
      case 'swallow':
        await run();
        return await never(signal);
      case 'hang':
        return await never(signal);
      case 'none':
        return await run();
    }
  }

  private error(): RegistryUnavailableError {
    const error = new Error('the test has taken it down');
    return new RegistryUnavailableError(this.url, [{ endpoint: this.url, error }]);
  }
}

async function never(signal: AbortSignal): Promise<never> {
  return await new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
