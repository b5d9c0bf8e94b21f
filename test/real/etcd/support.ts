import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { etcd } from '../../../lib/registries/etcd/etcd.js';
import { type EtcdRegistryOptions } from '../../../lib/registries/etcd/options.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { type EntryRecord, type KeyRecord } from '../../../lib/registry/entry-record.js';
import { type Change, type Registry, type Scope } from '../../../lib/registry/registry.js';

export async function open(options: EtcdRegistryOptions): Promise<Registry> {
  return await etcd(options).open({ clock: systemClock, random: Math.random, logger: silentLogger });
}

export const key = (name: string, value = 'v'): KeyRecord => ({ kind: 'key', key: name, value });

export const web = (id: string, port = 80): EntryRecord => ({
  kind: 'instance',
  instance: completeInstance({ service: 'web', id, address: '10.0.0.1', port, tags: ['blue'], zone: 'z1' }),
});

/** Records the changes of a scope. */
export function follow(
  registry: Registry,
  scope: Scope,
  cursor: string,
): { changes: Change[]; end(): Promise<void> } {
  const stop = new AbortController();
  const changes: Change[] = [];
  const running = (async () => {
    for await (const batch of registry.watch(scope, cursor, stop.signal)) {
      if (batch.kind === 'changes') changes.push(...batch.changes);
    }
  })();
  return {
    changes,
    end: async () => {
      stop.abort();
      await running;
    },
  };
}
