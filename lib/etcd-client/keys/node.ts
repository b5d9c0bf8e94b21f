/** The action of a response or an event, as the v2 API names it. */
export type KeysAction =
  'get' | 'set' | 'create' | 'update' | 'delete' | 'compareAndSwap' | 'compareAndDelete' | 'expire';

/** A node of the tree of keys: a file with a value, or a directory with nodes. */
export interface Node {
  /** Absolute, without a trailing slash; `/` is the root. */
  readonly key: string;
  /** Whether this is a directory. */
  readonly dir: boolean;
  /** The value of a file. A directory has none. */
  readonly value?: string;
  /** The nodes of a directory, if they were requested. Hidden nodes (`_name`) are left out. */
  readonly nodes?: readonly Node[];
  /** Revision at which the node was created. */
  readonly createdIndex: number;
  /** Revision of the node's last change. */
  readonly modifiedIndex: number;
  /** Remaining seconds at the time of the response, for nodes with their own lease. */
  readonly ttl?: number;
  /** Time of the expiry, by this machine's clock. */
  readonly expiration?: Date;
}

/** A response without nodes, as `noValueOnSuccess` requests it. */
export interface BareKeysResponse {
  readonly action: KeysAction;
  /** The store's revision at the time of the response. */
  readonly index: number;
  /** Id of the cluster, in hexadecimal. */
  readonly clusterId: string;
}

/** A response of the keys API, and an event of a watcher. */
export interface KeysResponse extends BareKeysResponse {
  /** The node after the action. */
  readonly node: Node;
  /** The node before the action, if it existed. */
  readonly prevNode?: Node;
}
