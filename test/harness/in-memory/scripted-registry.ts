import { deferred } from '../../../lib/common/async/deferred.js';
import { completeInstance, type PartialInstance } from '../../../lib/registry/instance.js';
import {
  type Change,
  type Cursor,
  type RegistryEntry,
  type Listing,
  type MalformedEntry,
  type Registry,
  type Scope,
  type Session,
  type WatchBatch,
} from '../../../lib/registry/registry.js';

/** A registry entry of service `web`. */
export function webEntry(id: string, more: Partial<PartialInstance> = {}, version = '1'): RegistryEntry {
  const instance = completeInstance({ service: 'web', id, address: '10.0.0.1', port: 80, ...more });
  return { record: { kind: 'instance', instance }, version, owner: 'session' };
}

export function put(id: string, more: Partial<PartialInstance> = {}, version = '1'): Change {
  return { kind: 'put', entry: webEntry(id, more, version) };
}

export function gone(id: string, cause: 'withdrawn' | 'expired' | 'unknown' = 'withdrawn'): Change {
  return { kind: 'delete', entryKey: { kind: 'instance', service: 'web', id }, cause };
}

export function listing(
  entries: readonly RegistryEntry[],
  malformed: readonly MalformedEntry[] = [],
): Listing {
  return { entries, malformed, cursor: 'c' };
}

export function broken(id: string, reason = 'Expected JSON, got "{".'): MalformedEntry {
  return { entryKey: { kind: 'instance', service: 'web', id }, reason };
}

/** One open watch, whose batches the test sends. */
export class ScriptedWatch {
  private readonly queue: (WatchBatch | Error | 'end')[] = [];
  private wake = deferred<void>();
  ended = false;

  constructor(
    readonly scope: Scope,
    readonly cursor: Cursor,
    readonly signal: AbortSignal,
    private readonly deaf: boolean,
  ) {}

  send(...changes: Change[]): void {
    this.push({ kind: 'changes', changes, cursor: 'c' });
  }

  push(batch: WatchBatch | Error | 'end'): void {
    this.queue.push(batch);
    this.wake.resolve();
  }

  async *batches(): AsyncGenerator<WatchBatch> {
    const onAbort = (): void => this.wake.resolve();
    if (!this.deaf) this.signal.addEventListener('abort', onAbort);
    try {
      for (;;) {
        const batch = this.queue.shift();
        if (batch === 'end' || (this.signal.aborted && !this.deaf)) return;
        if (batch instanceof Error) throw batch;
        if (batch) yield batch;
        else {
          this.wake = deferred();
          await this.wake.promise;
        }
      }
    } finally {
      this.signal.removeEventListener('abort', onAbort);
      this.ended = true;
    }
  }
}

/** A registry with answers set by the test, that counts its calls. */
export class ScriptedRegistry implements Registry {
  readonly driver = 'scripted';
  readonly url = 'scripted:';
  /** The answer of each following list. */
  answer: () => Listing | Promise<Listing> = () => listing([]);
  /** When set, each watch throws it at its first read. */
  watchFails: Error | undefined;
  /** When true, watches ignore their signal. */
  deaf = false;
  lists = 0;
  readonly scopes: Scope[] = [];
  readonly watches: ScriptedWatch[] = [];

  get watch_(): ScriptedWatch {
    const last = this.watches.at(-1);
    if (!last) throw new Error('No watch has been opened.');
    return last;
  }

  openSession(): Promise<Session> {
    return Promise.reject(new Error('The scripted registry is read-only.'));
  }

  async list(scope: Scope, _signal: AbortSignal): Promise<Listing> {
    this.lists += 1;
    this.scopes.push(scope);
    return await this.answer();
  }

  watch(scope: Scope, cursor: Cursor, signal: AbortSignal): AsyncIterable<WatchBatch> {
    const watch = new ScriptedWatch(scope, cursor, signal, this.deaf);
    this.watches.push(watch);
    if (this.watchFails) watch.push(this.watchFails);
    return watch.batches();
  }

  /** Number of watches that have not ended. */
  get open(): number {
    return this.watches.filter(({ ended }) => !ended).length;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
