import { startConsul } from './consul.js';
import { startEtcd } from './etcd.js';

/** A registry of one server that can be stopped. It keeps its data. */
export interface StoppableRegistry {
  readonly url: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** An etcd cluster of one member. */
export async function stoppableEtcd(): Promise<StoppableRegistry> {
  const etcd = await startEtcd();
  const [member] = etcd.members;
  return {
    // Many writes at a time on a busy machine. A server that is killed refuses connections at once.
    url: `etcd://${etcd.hosts}?timeout=10`,
    kill: () => member!.kill(),
    restart: () => member!.restart(),
    stop: () => etcd.stop(),
  };
}

/** A Consul agent with its data on disk. */
export async function stoppableConsul(): Promise<StoppableRegistry> {
  const agent = await startConsul({ persistent: true });
  return {
    url: `consul://${agent.host}:${agent.port}`,
    kill: () => agent.kill(),
    restart: () => agent.restart(),
    stop: () => agent.stop(),
  };
}

/** Both, for `describe.each`. */
export const STOPPABLE_REGISTRIES = [
  ['etcd', stoppableEtcd],
  ['Consul', stoppableConsul],
] as const;
