/** A fleet of instances that register themselves, and of clients that follow their lists. */
export interface Fleet {
  readonly instances: number;
  /** Services of equal size. */
  readonly services: number;
  /** Services that each instance follows. */
  readonly followed: number;
  /** Seconds. */
  readonly ttl: number;
  /** Seconds in which every instance is replaced once by deployments. */
  readonly deployEvery: number;
  /** Bytes of a stored instance: key, JSON value and the frame of the protocol. */
  readonly entryBytes: number;
  /** Seconds over which clients spread their reconnection. */
  readonly reconnectOver: number;
}

export interface Cost {
  /** Requests a second that keep sessions alive. */
  readonly renewals: number;
  /** Open watches (etcd) or blocking queries (Consul) of the whole fleet. */
  readonly watches: number;
  /** Changes of instances a second: one registration and one removal for each replacement. */
  readonly changes: number;
  /** Bytes a second that the servers send to watchers for these changes. */
  readonly fanOut: number;
  /** Requests a second after all clients lost their connection at once. */
  readonly reconnectRequests: number;
  /** Bytes of the lists that all clients read again. */
  readonly reconnectBytes: number;
}

/** Renewals are sent at a third of the TTL. */
const RENEWALS_PER_TTL = 3;

function common({ instances, services, followed, deployEvery, entryBytes, reconnectOver }: Fleet): {
  readonly listBytes: number;
  readonly watches: number;
  readonly changes: number;
  /** Watchers of one service. */
  readonly watchers: number;
  readonly reconnectRequests: number;
} {
  const watches = instances * followed;
  return {
    listBytes: (instances / services) * entryBytes,
    watches,
    changes: (2 * instances) / deployEvery,
    watchers: watches / services,
    // A session, the first write of the entry, a list and a watch for each followed service.
    reconnectRequests: (instances * (2 + 2 * followed)) / reconnectOver,
  };
}

/** etcd: one lease an instance, and a watch that sends only the entry that changed. */
export function etcdCost(fleet: Fleet): Cost {
  const { listBytes, watches, changes, watchers, reconnectRequests } = common(fleet);
  return {
    renewals: (fleet.instances * RENEWALS_PER_TTL) / fleet.ttl,
    watches,
    changes,
    fanOut: changes * watchers * fleet.entryBytes,
    reconnectRequests,
    reconnectBytes: watches * listBytes,
  };
}

/** Consul: one TTL check an instance, and blocking queries, each of which answers with the whole list. */
export function consulCost(fleet: Fleet): Cost {
  const { listBytes, watches, changes, watchers, reconnectRequests } = common(fleet);
  return {
    renewals: (fleet.instances * RENEWALS_PER_TTL) / fleet.ttl,
    watches,
    changes,
    fanOut: changes * watchers * listBytes,
    reconnectRequests,
    reconnectBytes: watches * listBytes,
  };
}
