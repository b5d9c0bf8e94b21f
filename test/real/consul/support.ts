import { systemClock } from '../../../lib/common/clock.js';
import { type Logger, silentLogger } from '../../../lib/common/logger.js';
import { consul, type ConsulOptions } from '../../../lib/registries/consul/index.js';
import { completeInstance, type PartialInstance } from '../../../lib/registry/instance.js';
import { type InstanceRecord } from '../../../lib/registry/entry-record.js';
import { type Registry, type ServiceScope, type WatchBatch } from '../../../lib/registry/registry.js';
import { type ConsulAgent } from '../../harness/consul.js';

/** Opens a registry at the agent. */
export async function open(
  agent: ConsulAgent,
  options: ConsulOptions = {},
  logger: Logger = silentLogger,
): Promise<Registry> {
  const source = consul({ host: agent.host, port: agent.port, ...options });
  return await source.open({ clock: systemClock, random: Math.random, logger });
}

/** A signal that is never aborted. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

export function instance(partial: Partial<PartialInstance>): InstanceRecord {
  return {
    kind: 'instance',
    instance: completeInstance({ service: 'web', id: 'web-1', address: '10.0.0.1', port: 80, ...partial }),
  };
}

export function service(name: string): ServiceScope {
  return { kind: 'service', service: name };
}

/** The ids that are listed. */
export async function ids(registry: Registry, name: string): Promise<string[]> {
  const { entries } = await registry.list(service(name), never());
  return entries.map(({ record }) => (record.kind === 'instance' ? record.instance.id : '')).sort();
}

/** Follows a service in the background; `stop` ends it and throws what went wrong. */
export function follow(
  registry: Registry,
  name: string,
  cursor = '',
): {
  readonly batches: WatchBatch[];
  /** The error the watch ended with. */
  readonly failed: Promise<Error>;
  stop(): Promise<void>;
} {
  const controller = new AbortController();
  const batches: WatchBatch[] = [];
  const running = (async () => {
    for await (const batch of registry.watch(service(name), cursor, controller.signal)) batches.push(batch);
  })();
  const failed = running.then(
    () => new Error('The watch has ended without an error.'),
    (error: unknown) => error as Error,
  );
  return {
    batches,
    failed,
    stop: async () => {
      controller.abort();
      await running;
    },
  };
}
