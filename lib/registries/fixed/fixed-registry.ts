import { type Clock } from '../../common/clock.js';
import { abortReason } from '../../common/async/abort.js';
import { RegistryRefusedError } from '../../common/errors/index.js';
import { Notifier } from '../../registry/notifier.js';
import { checkScope } from '../../registry/check-record.js';
import { AbortScope } from '../../common/async/abort-scope.js';
import { type Instance } from '../../registry/instance.js';
import { entryKeyOf } from '../../registry/entry-record.js';
import {
  type RegistryEntry,
  type Listing,
  type Registry,
  type Scope,
  type Session,
  SIGN_OF_LIFE_MS,
  type WatchBatch,
} from '../../registry/registry.js';
import { inScope, refuseDatacenter } from '../../registry/scope.js';

/** The version of every entry and the cursor of every listing: they never change. */
const ONLY_VERSION = '1';

/** A read-only registry with constant instances. */
export class FixedRegistry implements Registry {
  readonly driver = 'fixed';
  private readonly scope: AbortScope;
  private readonly instances: ReadonlyMap<string, readonly RegistryEntry[]>;

  constructor(
    readonly url: string,
    services: ReadonlyMap<string, readonly Instance[]>,
    private readonly clock: Clock,
  ) {
    this.scope = new AbortScope(`The registry ${url}`);
    this.instances = new Map([...services].map(([name, instances]) => [name, instances.map(entryOf)]));
  }

  async openSession(): Promise<Session> {
    this.scope.assertOpen();
    await Promise.resolve();
    throw new RegistryRefusedError(
      `The registry ${this.url} is read-only: its instances are fixed. To register, use another registry, such as file: or etcd://host:2379.`,
    );
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    this.scope.assertOpen();
    if (signal.aborted) throw abortReason(signal);
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    await Promise.resolve();
    return { entries: this.entriesIn(scope), malformed: [], cursor: ONLY_VERSION };
  }

  async *watch(scope: Scope, cursor: string, signal: AbortSignal): AsyncGenerator<WatchBatch, void, void> {
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    const linked = this.scope.link(signal);
    try {
      if (cursor !== ONLY_VERSION) yield { kind: 'listing', listing: await this.list(scope, linked.signal) };
      const timer = new Notifier();
      while ((await timer.wait(this.clock, SIGN_OF_LIFE_MS / 2, linked.signal)) === 'timeout')
        yield { kind: 'changes', changes: [], cursor: ONLY_VERSION };
    } finally {
      linked.release();
    }
  }

  async services(signal: AbortSignal): Promise<readonly string[]> {
    this.scope.assertOpen();
    if (signal.aborted) throw abortReason(signal);
    await Promise.resolve();
    return [...this.instances.keys()].sort();
  }

  async close(): Promise<void> {
    this.scope.close();
    await Promise.resolve();
  }

  private entriesIn(scope: Scope): readonly RegistryEntry[] {
    if (scope.kind === 'key') return [];
    const entries = this.instances.get(scope.service) ?? [];
    return entries.filter(({ record }) => inScope(scope, entryKeyOf(record)));
  }
}

function entryOf(instance: Instance): RegistryEntry {
  return Object.freeze<RegistryEntry>({
    record: { kind: 'instance', instance },
    version: ONLY_VERSION,
    owner: undefined,
  });
}
