import type { IKeyValue } from 'etcd3';
import { type KeyPath, MAX_LEVELS } from './key-path.js';
import { type Node } from './node.js';

/** The remaining TTL of a node, from its lease; empty without one. */
export type Lifetime = Pick<Node, 'ttl' | 'expiration'>;

/** Returns the lifetime of a node; empty without a lease, and for a file with its directory's lease. */
export type LifetimeOf = (kv: IKeyValue, dir: boolean) => Lifetime;

/** Options of {@link buildTree}. */
export interface TreeOptions {
  readonly recursive: boolean;
  readonly sort: boolean;
  readonly lifetime: LifetimeOf;
}

/** A directory while the tree is built. */
interface Branch {
  readonly key: string;
  marker: IKeyValue | undefined;
  /** The lowest `create_revision` of the keys below, for a directory without a marker. */
  created: number;
  /** Children in key order; undefined if they were not requested. */
  readonly nodes: Map<string, Branch | Node> | undefined;
}

/** Whether a name is left out of listings and events. */
export function isHidden(name: string): boolean {
  return name.startsWith('_');
}

/** Converts the etcd key of a file to a node. */
export function fileNode(key: string, kv: IKeyValue, lifetime: Lifetime): Node {
  return {
    key,
    dir: false,
    value: kv.value.toString(),
    createdIndex: Number(kv.create_revision),
    modifiedIndex: Number(kv.mod_revision),
    ...lifetime,
  };
}

/** Converts the marker of a directory to a node. */
export function dirNode(key: string, marker: IKeyValue, lifetime: Lifetime): Node {
  return {
    key,
    dir: true,
    createdIndex: Number(marker.create_revision),
    modifiedIndex: Number(marker.mod_revision),
    ...lifetime,
  };
}

function isBranch(entry: Branch | Node): entry is Branch {
  return 'created' in entry;
}

function byKey(a: Node, b: Node): number {
  return Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
}

/**
 * Builds the node of the directory at `path` from the keys of its range. A directory without a marker has the
 * `createdIndex` of its oldest key.
 */
export function buildTree(path: KeyPath, kvs: readonly IKeyValue[], options: TreeOptions): Node {
  const root: Branch = { key: path.key, marker: undefined, created: Infinity, nodes: new Map() };
  for (const kv of kvs) add(root, path, kv, options);
  return finish(root, options);
}

function add(root: Branch, path: KeyPath, kv: IKeyValue, options: TreeOptions): void {
  const rest = kv.key.toString().slice(path.directory.length);
  const names = rest.split('/');
  const last = names.pop() ?? '';
  // Repeated slashes, or too many levels: another client wrote this key, and it is not a key of this API.
  if (names.includes('') || names.length >= MAX_LEVELS) return;
  let branch = root;
  branch.created = Math.min(branch.created, Number(kv.create_revision));
  for (const name of names) {
    if (isHidden(name)) return;
    if (branch.nodes === undefined) return;
    let next = branch.nodes.get(name);
    if (next === undefined || !isBranch(next)) {
      const key = `${branch.key === '/' ? '' : branch.key}/${name}`;
      next = { key, marker: undefined, created: Infinity, nodes: options.recursive ? new Map() : undefined };
      // A client without directories may have written a file of the same name; `get` still returns it.
      branch.nodes.set(name, next);
    }
    branch = next;
    branch.created = Math.min(branch.created, Number(kv.create_revision));
  }
  if (last === '') {
    branch.marker = kv;
    return;
  }
  if (isHidden(last) || branch.nodes === undefined || branch.nodes.has(last)) return;
  const key = `${branch.key === '/' ? '' : branch.key}/${last}`;
  branch.nodes.set(last, fileNode(key, kv, options.lifetime(kv, false)));
}

function finish(branch: Branch, options: TreeOptions): Node {
  const created = Number.isFinite(branch.created) ? branch.created : 0;
  const self: Node = branch.marker
    ? dirNode(branch.key, branch.marker, options.lifetime(branch.marker, true))
    : { key: branch.key, dir: true, createdIndex: created, modifiedIndex: created };
  if (branch.nodes === undefined) return self;
  const nodes = [...branch.nodes.values()].map((entry) => (isBranch(entry) ? finish(entry, options) : entry));
  if (options.sort) nodes.sort(byKey);
  return { ...self, nodes };
}
