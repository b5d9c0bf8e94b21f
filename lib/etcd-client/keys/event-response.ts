import type { IEvent, IKeyValue } from 'etcd3';
import { type KeyPath, MAX_LEVELS } from './key-path.js';
import { hasLease, leaseKind } from './lease-id.js';
import { type KeysAction, type KeysResponse, type Node } from './node.js';
import { dirNode, fileNode, isHidden } from './tree.js';

/** What {@link eventResponse} needs besides the event. */
export interface EventContext {
  readonly path: KeyPath;
  readonly recursive: boolean;
  readonly clusterId: string;
  /** Leases that no longer exist. A key that was deleted with its lease counts as expired. */
  readonly missingLeases: ReadonlySet<string>;
}

function previousOf(event: { readonly prev_kv?: IKeyValue | null }): IKeyValue | undefined {
  return event.prev_kv ?? undefined;
}

function isDelete(event: IEvent): boolean {
  return event.type === 'Delete';
}

/** The lease of a deleted key; undefined for another event, and for a key without a lease. */
export function leaseOfDelete(event: IEvent): string | undefined {
  const lease = previousOf(event)?.lease;
  return isDelete(event) && lease !== undefined && hasLease(lease) ? lease : undefined;
}

/** Whether the event only binds the key to a new lease. The v2 API sends no event for a refresh. */
function isRefresh(event: IEvent): boolean {
  const previous = previousOf(event);
  return (
    !isDelete(event) &&
    previous !== undefined &&
    leaseKind(event.kv.lease) === 'refresh' &&
    previous.value.equals(event.kv.value)
  );
}

function actionOf(event: IEvent, missing: ReadonlySet<string>): KeysAction {
  if (isDelete(event)) {
    const lease = leaseOfDelete(event);
    return lease !== undefined && missing.has(lease) ? 'expire' : 'delete';
  }
  return event.kv.create_revision === event.kv.mod_revision ? 'create' : 'set';
}

/** Whether a v2 watcher of `path` receives events of `key`, which has no trailing slash. */
function isWatched({ path, recursive }: EventContext, key: string, dir: boolean): boolean {
  if (key === path.key) return recursive || dir === path.slashed;
  if (!recursive || !key.startsWith(path.directory)) return false;
  const names = key.slice(path.directory.length).split('/');
  return names.length <= MAX_LEVELS && !names.some((name) => name === '' || isHidden(name));
}

/** Converts an event to a response of the v2 API; undefined if a v2 watcher would not receive it. */
export function eventResponse(event: IEvent, context: EventContext): KeysResponse | undefined {
  const raw = event.kv.key.toString();
  const dir = raw.endsWith('/') && raw !== '/';
  const key = dir ? raw.slice(0, -1) : raw;
  if (!isWatched(context, key, dir) || isRefresh(event)) return undefined;
  const action = actionOf(event, context.missingLeases);
  const previous = previousOf(event);
  const toNode = dir ? dirNode : fileNode;
  const index = Number(event.kv.mod_revision);
  const node: Node = isDelete(event)
    ? { key, dir, createdIndex: Number(previous?.create_revision ?? index), modifiedIndex: index }
    : toNode(key, event.kv, {});
  return {
    action,
    index,
    clusterId: context.clusterId,
    node,
    ...(previous === undefined ? {} : { prevNode: toNode(key, previous, {}) }),
  };
}
