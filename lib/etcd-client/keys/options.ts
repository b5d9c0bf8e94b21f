/** What every call takes. */
export interface CallOptions {
  /** Ends the call; its reason is then the error, whatever else went wrong. */
  readonly signal?: AbortSignal | undefined;
}

/** How a key is read. */
export interface GetOptions extends CallOptions {
  /** The whole tree below a directory instead of its own nodes. Default false. */
  readonly recursive?: boolean | undefined;
  /** Nodes in the order of their keys. Otherwise no order is promised. Default false. */
  readonly sort?: boolean | undefined;
  /** true, the default: a linearizable read. false: whatever the member at hand has, possibly stale, without asking the others. */
  readonly quorum?: boolean | undefined;
}

/** How a new key is written. */
export interface CreateOptions extends CallOptions {
  /** Seconds to live, a whole number of at least 1. The server may grant more: at least 2 with its default election timeout. */
  readonly ttl?: number | undefined;
  /** Make a directory. Its value is ignored. Default false. */
  readonly dir?: boolean | undefined;
  /** Leave `node` and `prevNode` out of the answer. Default false. */
  readonly noValueOnSuccess?: boolean | undefined;
}

/** How a key that exists is written. */
export interface UpdateOptions extends CreateOptions {
  /** Write only if this is the value. Ignored for a directory. */
  readonly prevValue?: string | undefined;
  /** Write only if this is the key's `modifiedIndex`. */
  readonly prevIndex?: number | undefined;
  /** Give the key its whole TTL again without waking watchers. Takes a `ttl` and no value. Default false. */
  readonly refresh?: boolean | undefined;
}

/** How a key is written. */
export interface SetOptions extends UpdateOptions {
  /** true: write only if the key exists; false: only if it does not. Left out: whatever is there. */
  readonly prevExist?: boolean | undefined;
}

/** How a key with a name given by the server's index is written. */
export type CreateInOrderOptions = Omit<CreateOptions, 'dir'>;

/** How a key is deleted. */
export interface DeleteOptions extends CallOptions {
  /** Delete only if this is the value. */
  readonly prevValue?: string | undefined;
  /** Delete only if this is the key's `modifiedIndex`. */
  readonly prevIndex?: number | undefined;
  /** Delete a directory with everything in it. Default false. */
  readonly recursive?: boolean | undefined;
  /** Delete an empty directory. Default false. */
  readonly dir?: boolean | undefined;
}

/** What a watcher follows. */
export interface WatcherOptions {
  /** The first event is the first one after this index. 0, the default: what happens from now on. */
  readonly afterIndex?: number | undefined;
  /** Follow everything below the key as well. Default false. */
  readonly recursive?: boolean | undefined;
}
