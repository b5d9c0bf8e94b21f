/** Options of every call. */
export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a read. */
export interface GetOptions extends CallOptions {
  /**
   * Read the whole tree below a directory, not only its own nodes.
   *
   * @default false
   */
  readonly recursive?: boolean | undefined;
  /**
   * Sort nodes by key. Otherwise the order is undefined.
   *
   * @default false
   */
  readonly sort?: boolean | undefined;
  /**
   * true: a linearizable read. false: the data of a single member, which may be stale.
   *
   * @default true
   */
  readonly quorum?: boolean | undefined;
}

/** Options of a write that creates a key. */
export interface CreateOptions extends CallOptions {
  /**
   * Time to live in seconds, an integer of at least 1. The server may grant more: at least 2 with its default election
   * timeout. Without it the key does not expire.
   */
  readonly ttl?: number | undefined;
  /**
   * Create a directory. The value is ignored.
   *
   * @default false
   */
  readonly dir?: boolean | undefined;
  /**
   * Leave `node` and `prevNode` out of the response.
   *
   * @default false
   */
  readonly noValueOnSuccess?: boolean | undefined;
}

/** Options of a write to an existing key. */
export interface UpdateOptions extends CreateOptions {
  /** Write only if the key has this value. Ignored for a directory. */
  readonly prevValue?: string | undefined;
  /** Write only if the key has this `modifiedIndex`. */
  readonly prevIndex?: number | undefined;
  /**
   * Renew the TTL without an event for watchers. Needs `ttl`; a value is refused.
   *
   * @default false
   */
  readonly refresh?: boolean | undefined;
}

/** Options of a write. */
export interface SetOptions extends UpdateOptions {
  /** true: write only if the key exists. false: write only if it does not exist. Left out: write in either case. */
  readonly prevExist?: boolean | undefined;
}

/** Options of a write under a generated name. */
export type CreateInOrderOptions = Omit<CreateOptions, 'dir'>;

/** Options of a delete. */
export interface DeleteOptions extends CallOptions {
  /** Delete only if the key has this value. */
  readonly prevValue?: string | undefined;
  /** Delete only if the key has this `modifiedIndex`. */
  readonly prevIndex?: number | undefined;
  /**
   * Delete a directory with all nodes below it.
   *
   * @default false
   */
  readonly recursive?: boolean | undefined;
  /**
   * Delete an empty directory.
   *
   * @default false
   */
  readonly dir?: boolean | undefined;
}

/** Options of a watcher. */
export interface WatcherOptions {
  /**
   * Deliver events after this index. 0 delivers events from now on.
   *
   * @default 0
   */
  readonly afterIndex?: number | undefined;
  /**
   * Include events of all keys below the key.
   *
   * @default false
   */
  readonly recursive?: boolean | undefined;
}
