/** One change of one key, as the store's history has it or as a watch delivered it. */
export interface KeyChange {
  readonly key: string;
  readonly kind: 'put' | 'delete';
  /** The revision of the store that this change made. */
  readonly revision: number;
  readonly value?: string;
  /** The session of a put: an etcd lease, a Consul session, a file session; missing for a put without one. */
  readonly lease?: string;
}

/** One change as a watch of the registry port delivered it: a put with its version and value, or else a delete. */
export interface PortChange {
  readonly id: string;
  readonly put?: { readonly version: number; readonly value: string };
}

/** The new, changed and removed ids of a list. */
export interface ListNews {
  readonly added: readonly string[];
  readonly updated: readonly string[];
  readonly removed: readonly string[];
}

/** One endpoint of a list, as far as judges look at it. */
export interface SeenEndpoint {
  readonly id: string;
  readonly meta: Readonly<Record<string, string>>;
}

/** An event without its time and its subject. */
export type Happening =
  /** A request was sent; `call` pairs it with its answer. */
  | { readonly kind: 'call'; readonly call: number; readonly what: string }
  | { readonly kind: 'answer'; readonly call: number; readonly ok: boolean; readonly detail?: string }
  /** A fault begins (`kill`, `pause`, `isolate`, `swallow`) or ends (`restart`, `resume`, `heal`, `pass`). */
  | { readonly kind: 'fault'; readonly what: string; readonly phase: 'begin' | 'end' }
  /** Something changed its state: a heartbeat is `lost` or `restored`. */
  | { readonly kind: 'state'; readonly state: string; readonly reason?: string }
  /** A registry acknowledged that an entry is kept. */
  | { readonly kind: 'acknowledged' }
  /** A client opened a connection. */
  | { readonly kind: 'connected' }
  /** A figure of a process or a server, taken before something was done to it or after. */
  | {
      readonly kind: 'measured';
      readonly what: string;
      readonly when: 'before' | 'after';
      readonly value: number;
    }
  /** A linearizable read of one key; the read was true at some moment from `began` to the event's own time. */
  | {
      readonly kind: 'reading';
      readonly key: string;
      readonly began: number;
      readonly present: boolean;
      readonly revision: number;
      /** The lease behind the key, `0` for none. */
      readonly lease?: string;
    }
  /** All leases of the store, read at some moment from `began` to the event's own time. */
  | { readonly kind: 'leases'; readonly began: number; readonly leases: readonly string[] }
  /** A watch begins to deliver what comes after a revision. */
  | { readonly kind: 'watch-open'; readonly after: number }
  /** A watch delivered changes, and everything there is up to `upTo`. None at all is a bookmark. */
  | { readonly kind: 'watch-batch'; readonly changes: readonly KeyChange[]; readonly upTo: number }
  /** A watch started over from a full listing at a revision. */
  | { readonly kind: 'watch-listing'; readonly revision: number; readonly entries: readonly KeyChange[] }
  /** The watch has ended: its history was compacted, or it cannot continue. */
  | { readonly kind: 'watch-reset'; readonly reason: string }
  /** A mirror of one service, kept through the registry port, begins with a complete list at a revision. */
  | { readonly kind: 'mirror-listing'; readonly revision: number; readonly entries: readonly PortChange[] }
  /** A mirror resumes its watch after a revision. */
  | { readonly kind: 'mirror-open'; readonly after: number }
  /** A mirror got changes, and everything there is up to `upTo`. */
  | { readonly kind: 'mirror-changes'; readonly changes: readonly PortChange[]; readonly upTo: number }
  /** An application has a new list of a service; `news` for every list but the one it was found with. */
  | {
      readonly kind: 'endpoints';
      readonly service: string;
      readonly endpoints: readonly SeenEndpoint[];
      readonly revision: number;
      readonly stale: boolean;
      readonly news?: ListNews;
    }
  /** Requests of one kind that a server has counted so far. */
  | { readonly kind: 'requests'; readonly what: string; readonly count: number }
  /** An application's list of a service became stale or fresh, or a second later is stale still; `age` in seconds. */
  | { readonly kind: 'freshness'; readonly service: string; readonly stale: boolean; readonly age?: number }
  /** An application asked for an endpoint and got an error. */
  | { readonly kind: 'pick-failed'; readonly service: string; readonly code: string }
  /** An application wrote to its log. */
  | { readonly kind: 'log'; readonly level: 'log' | 'warn' | 'error'; readonly text: string }
  /** A request to a service was not answered with 200. */
  | {
      readonly kind: 'request-failed';
      readonly service: string;
      readonly endpoint: string;
      readonly detail: string;
    }
  /** Requests to a service answered since the last event of this kind, by responding instance. */
  | {
      readonly kind: 'requests-answered';
      readonly service: string;
      readonly by: Readonly<Record<string, number>>;
    }
  /** An application was closed: what `cleanStop` judges. */
  | {
      readonly kind: 'stopped';
      readonly took: number;
      readonly present: boolean;
      readonly traffic: number;
      readonly ended: string;
    }
  /** An uncaught error. */
  | { readonly kind: 'unhandled'; readonly text: string }
  /** Anything else worth reading later. */
  | { readonly kind: 'note'; readonly text: string };

/** One entry of a recording. */
export type Event = {
  /** Milliseconds of the machine's monotonic clock. */
  readonly at: number;
  /** The member, heartbeat, reader or watch concerned: `m0`, `heartbeat`, `reader`, `watch 2`. */
  readonly who: string;
} & Happening;

/** The events of one kind. */
export type EventOf<K extends Happening['kind']> = Extract<Event, { kind: K }>;
