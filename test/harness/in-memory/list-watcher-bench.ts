import { ListWatcher } from '../../../lib/registry/list-watcher.js';
import { type ListUpdate } from '../../../lib/registry/list-watcher.types.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { ScriptedRegistry } from './scripted-registry.js';

/** A {@link ListWatcher} of the service `web` over a scripted registry, on a virtual clock. */
export class ListWatcherBench {
  readonly clock = new VirtualClock();
  readonly registry = new ScriptedRegistry();
  readonly updates: ListUpdate[] = [];
  readonly warnings: string[] = [];
  readonly logs: string[] = [];

  create(intervalMs?: number): ListWatcher {
    return new ListWatcher({
      registry: this.registry,
      scope: { kind: 'service', service: 'web' },
      clock: this.clock,
      random: () => 0.5,
      logger: {
        log: (text) => this.logs.push(text),
        warn: (text) => this.warnings.push(text),
        error: (text) => this.warnings.push(text),
      },
      onUpdate: (update) => this.updates.push({ ...update, entries: new Map(update.entries) }),
      ...(intervalMs === undefined ? {} : { intervalMs }),
    });
  }

  /** Closes the watcher, also under a registry that does not hear, and checks that no timer is left. */
  async close(watcher: ListWatcher): Promise<void> {
    this.registry.deaf = false;
    const closing = watcher.close();
    await this.clock.advance(2_000);
    await closing;
    expect(this.clock.pending).toBe(0);
  }
}

export const ids = (update: ListUpdate | undefined): string[] =>
  [...(update?.entries.values() ?? [])].map(({ record }) =>
    record.kind === 'instance' ? record.instance.id : record.key,
  );
