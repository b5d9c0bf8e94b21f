/** One change of one key, as the store's history has it or as a watch delivered it. */
export interface KeyChange {
  readonly key: string;
  readonly kind: 'put' | 'delete';
  /** The revision of the store that this change made. */
  readonly revision: number;
  readonly value?: string;
}

/** What happened, without when and to whom. */
export type Happening =
  /** A request was sent; `call` pairs it with its answer. */
  | { readonly kind: 'call'; readonly call: number; readonly what: string }
  | { readonly kind: 'answer'; readonly call: number; readonly ok: boolean; readonly detail?: string }
  /** A fault begins (`kill`, `pause`, `isolate`, `swallow`) or ends (`restart`, `resume`, `heal`, `pass`). */
  | { readonly kind: 'fault'; readonly what: string; readonly phase: 'begin' | 'end' }
  /** Something changed its state: a heartbeat is `lost` or `restored`. */
  | { readonly kind: 'state'; readonly state: string }
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
  /** A watch begins to deliver what comes after a revision. */
  | { readonly kind: 'watch-open'; readonly after: number }
  /** A watch delivered changes, and everything there is up to `upTo`. None at all is a bookmark. */
  | { readonly kind: 'watch-batch'; readonly changes: readonly KeyChange[]; readonly upTo: number }
  /** A watch started over from a full listing at a revision. */
  | { readonly kind: 'watch-listing'; readonly revision: number; readonly entries: readonly KeyChange[] }
  /** History a watch needs is gone, or it cannot go on; it has ended. */
  | { readonly kind: 'watch-reset'; readonly reason: string }
  /** Anything else worth reading later. */
  | { readonly kind: 'note'; readonly text: string };

/** One entry of a recording. */
export type Event = {
  /** Milliseconds of the machine's monotonic clock. */
  readonly at: number;
  /** Who it happened to or who did it: `m0`, `heartbeat`, `reader`, `watch 2`. */
  readonly who: string;
} & Happening;

/** The events of one kind. */
export type EventOf<K extends Happening['kind']> = Extract<Event, { kind: K }>;
