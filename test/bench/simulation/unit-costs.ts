/** What one action of one client costs a registry. Bytes count both directions, without the headers of TCP and IP. */
export interface UnitCosts {
  /** Bytes of one renewal. */
  readonly renewal: number;
  /** Microseconds of the server's processor for one renewal. */
  readonly renewalCpu: number;
  /** Bytes of a list of a service. */
  readonly list: PerEntry;
  /** Bytes that a watcher of a service exchanges for one change of an instance: a registration or a new value. */
  readonly change: PerEntry;
  /** Bytes that a watcher of a service exchanges for one removal of an instance. */
  readonly removal: PerEntry;
  /** Bytes a second of a client whose services do not change: of the client, and of each service that it follows. */
  readonly rest: { readonly client: number; readonly service: PerEntry };
  /**
   * What a client does until it is registered and has its lists. `lists`: how often it reads each; a watch on Consul begins
   * with a read of its own.
   */
  readonly start: {
    readonly lists: number;
    readonly requests: number;
    readonly requestsPerService: number;
    readonly connections: number;
  };
  /** What a client does after its connections were cut while the registry kept its data. */
  readonly cut: { readonly connections: number; readonly bytes: number };
}

/** Bytes that depend on the number of instances of a service. */
export interface PerEntry {
  readonly fixed: number;
  /** For each instance. */
  readonly entry: number;
}

/** The bytes of `cost` for a service of `entries` instances. */
export function bytesOf({ fixed, entry }: PerEntry, entries: number): number {
  return fixed + entry * entries;
}

/** When the costs below were measured, by `npm run bench -- --simulate --measure`. */
export const MEASURED_ON = '2026-11-28';

/**
 * Measured on {@link MEASURED_ON} with etcd 3.5 of one member, through a proxy that counts: an instance with two values in
 * `meta`, services of 10 and 60 instances.
 */
export const ETCD_COSTS: UnitCosts = {
  renewal: 125,
  renewalCpu: 140,
  list: {
    fixed: 204,
    entry: 211,
  },
  change: {
    fixed: 255,
    entry: 0,
  },
  removal: {
    fixed: 82,
    entry: 0,
  },
  rest: {
    client: 61,
    service: {
      fixed: 0,
      entry: 0,
    },
  },
  start: {
    lists: 1,
    requests: 4,
    requestsPerService: 2,
    connections: 1,
  },
  cut: {
    connections: 1,
    bytes: 2_677,
  },
};

/** Measured in the same way, with a Consul 1.8 agent that is its own server. */
export const CONSUL_COSTS: UnitCosts = {
  renewal: 956,
  renewalCpu: 1_140,
  list: {
    fixed: 323,
    entry: 1_286,
  },
  change: {
    fixed: 324,
    entry: 1_286,
  },
  removal: {
    fixed: 350,
    entry: 1_286,
  },
  rest: {
    client: 798,
    service: {
      fixed: 108,
      entry: 429,
    },
  },
  start: {
    lists: 2,
    requests: 7,
    requestsPerService: 3,
    connections: 12,
  },
  cut: {
    connections: 12,
    bytes: 9_317,
  },
};
