import { type EntryRecord } from '../../../lib/registry/entry-record.js';
import {
  type Cursor,
  type Listing,
  type Registry,
  type Scope,
  type Session,
  type WatchBatch,
  type WriteResult,
} from '../../../lib/registry/registry.js';
import { type RegistryDeps, type RegistrySource } from '../../../lib/registry/registry-source.js';
import { type Protection } from '../protection.js';
import { unguarded } from './unguarded.js';

/** A source whose registry lacks some protections. */
export function weakened(source: RegistrySource, without: readonly Protection[]): RegistrySource {
  return {
    identity: `${source.identity} without ${without.join(', ')}`,
    url: source.url,
    open: async (deps: RegistryDeps) => {
      const connect = without.includes('fence') ? { connect: await unguarded() } : {};
      return new Weakened(await source.open({ ...deps, ...connect }), without);
    },
  };
}

/** A registry in front of another, which undoes what the other does to protect. */
class Weakened implements Registry {
  constructor(
    private readonly inner: Registry,
    private readonly without: readonly Protection[],
  ) {}

  get driver(): string {
    return this.inner.driver;
  }

  get url(): string {
    return this.inner.url;
  }

  async openSession(...args: Parameters<Registry['openSession']>): Promise<Session> {
    const session = await this.inner.openSession(...args);
    if (this.without.includes('watch')) return new Passing(session);
    return this.without.includes('ownership') ? new Grabbing(session) : session;
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    if (!this.without.includes('said-empty')) return await this.inner.list(scope, signal);
    return await this.inner
      .list(scope, signal)
      .catch((): Listing => ({ entries: [], malformed: [], cursor: '0' }));
  }

  async *watch(scope: Scope, cursor: Cursor, signal: AbortSignal): AsyncIterable<WatchBatch> {
    if (this.without.includes('watch')) throw new Error('Nothing can be watched.');
    let from = cursor;
    for (;;) {
      let reset = false;
      for await (const batch of this.inner.watch(scope, from, signal)) {
        reset = batch.kind === 'reset';
        if (!reset || !this.without.includes('list-after-compaction')) yield batch;
      }
      if (!reset || !this.without.includes('list-after-compaction')) return;
      from = (await this.inner.list(scope, signal)).cursor;
    }
  }

  async close(): Promise<void> {
    await this.inner.close();
  }
}

/** A session that does not watch its entries. */
class Passing implements Session {
  constructor(protected readonly inner: Session) {}

  get id(): string {
    return this.inner.id;
  }

  get ttl(): number {
    return this.inner.ttl;
  }

  async write(record: EntryRecord, version: string | undefined, signal: AbortSignal): Promise<WriteResult> {
    return await this.inner.write(record, version, signal);
  }

  renew: Session['renew'] = async (...given) => await this.inner.renew(...given);
  remove: Session['remove'] = async (...given) => await this.inner.remove(...given);
  end: Session['end'] = async (signal) => await this.inner.end(signal);
}

/** A session that overwrites an entry key regardless of its owner. */
class Grabbing extends Passing {
  override async write(
    record: EntryRecord,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<WriteResult> {
    const written = await this.inner.write(record, version, signal);
    return written.ok ? written : await this.inner.write(record, written.current?.version, signal);
  }
}
