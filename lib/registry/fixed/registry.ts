import { type Clock } from '../../kernel/clock.js';
import { abortReason } from '../../kernel/deadline.js';
import { RegistryRefusedError } from '../../kernel/errors/index.js';
import { Bell } from '../bell.js';
import { checkScope } from '../check-item.js';
import { Closing } from '../closing.js';
import { type Instance } from '../instance.js';
import { slotOf } from '../item.js';
import {
  type Entry,
  type Listing,
  type Registry,
  type Scope,
  type Session,
  SIGN_OF_LIFE,
  type WatchBatch,
} from '../registry.js';
import { inScope, refuseDatacenter } from '../scope.js';

/** Every entry of a list that never changes has this version, and every list of them this cursor. */
const ONLY_VERSION = '1';

/** Answers with what it was given. */
export class FixedRegistry implements Registry {
  readonly driver = 'fixed';
  private readonly closing: Closing;
  private readonly services: ReadonlyMap<string, readonly Entry[]>;

  constructor(
    readonly url: string,
    services: ReadonlyMap<string, readonly Instance[]>,
    private readonly clock: Clock,
  ) {
    this.closing = new Closing(`The registry ${url}`);
    this.services = new Map([...services].map(([name, instances]) => [name, instances.map(entryOf)]));
  }

  async openSession(): Promise<Session> {
    this.closing.check();
    await Promise.resolve();
    throw new RegistryRefusedError(
      `The registry ${this.url} is a fixed list: nothing can be announced or kept in it. Name another registry, such as file: or etcd://host:2379.`,
    );
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    this.closing.check();
    if (signal.aborted) throw abortReason(signal);
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    await Promise.resolve();
    return { entries: this.within(scope), malformed: [], cursor: ONLY_VERSION };
  }

  async *watch(scope: Scope, cursor: string, signal: AbortSignal): AsyncGenerator<WatchBatch, void, void> {
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    const tracked = this.closing.track(signal);
    try {
      if (cursor !== ONLY_VERSION) yield { kind: 'listing', listing: await this.list(scope, tracked.signal) };
      const never = new Bell();
      while ((await never.wait(this.clock, SIGN_OF_LIFE / 2, tracked.signal)) === 'timeout')
        yield { kind: 'changes', changes: [], cursor: ONLY_VERSION };
    } finally {
      tracked.done();
    }
  }

  async close(): Promise<void> {
    this.closing.close();
    await Promise.resolve();
  }

  private within(scope: Scope): readonly Entry[] {
    if (scope.kind === 'key') return [];
    const entries = this.services.get(scope.service) ?? [];
    return entries.filter(({ item }) => inScope(scope, slotOf(item)));
  }
}

function entryOf(instance: Instance): Entry {
  return Object.freeze<Entry>({
    item: { kind: 'instance', instance },
    version: ONLY_VERSION,
    owner: undefined,
  });
}
