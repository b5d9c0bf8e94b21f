import { type EventFingerprint } from '../../etcd-client/event-fingerprint.js';
import { type Cursor } from '../../registry/registry.js';

/** A position: a revision, the cluster whose it is, and what happened last in the scope up to there, where known. */
export interface Position {
  readonly clusterId: string;
  readonly revision: bigint;
  readonly witness?: EventFingerprint | undefined;
}

/** A position as the port passes it around. */
export function toCursor({ clusterId, revision, witness }: Position): Cursor {
  const position = `${clusterId}:${revision}`;
  return witness === undefined ? position : `${position}:${witness.revision}:${witness.digest}`;
}

/** The position behind a cursor of this driver; undefined for any other text. */
export function fromCursor(cursor: Cursor): Position | undefined {
  const [, clusterId, revision, last, digest] = /^(\d+):(\d+)(?::(\d+):([\w-]+))?$/.exec(cursor) ?? [];
  if (clusterId === undefined || revision === undefined) return undefined;
  const position = { clusterId, revision: BigInt(revision) };
  return last === undefined || digest === undefined
    ? position
    : { ...position, witness: { revision: BigInt(last), digest } };
}
