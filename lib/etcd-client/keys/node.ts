/** What a request did, or an event tells, in the words of the v2 API. */
export type KeysAction =
  'get' | 'set' | 'create' | 'update' | 'delete' | 'compareAndSwap' | 'compareAndDelete' | 'expire';

/** One node of the tree of keys: a file with a value, or a directory with nodes. */
export interface Node {
  /** Absolute, without a trailing slash; `/` is the root. */
  readonly key: string;
  /** Whether this is a directory. */
  readonly dir: boolean;
  /** The value of a file. A directory has none. */
  readonly value?: string;
  /** What a directory holds, where it was asked for; hidden nodes (`_name`) are left out. */
  readonly nodes?: readonly Node[];
  /** Revision at which the node came into being. */
  readonly createdIndex: number;
  /** Revision of the node's last change. */
  readonly modifiedIndex: number;
  /** Seconds left to live when the answer was made, for nodes with a lease of their own. */
  readonly ttl?: number;
  /** When that will be, by this machine's clock. */
  readonly expiration?: Date;
}

/** The answer without its nodes, which `noValueOnSuccess` asks for. */
export interface BareKeysResponse {
  readonly action: KeysAction;
  /** The store's revision when the answer was made. */
  readonly index: number;
  /** The cluster that answered, in hexadecimal. */
  readonly clusterId: string;
}

/** The answer to a request of the keys API, and an event of a watcher. */
export interface KeysResponse extends BareKeysResponse {
  readonly node: Node;
  /** The node as it was before, where there was one. */
  readonly prevNode?: Node;
}
