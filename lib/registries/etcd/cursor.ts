import { type EventFingerprint } from '../../etcd-client/event-fingerprint.js';
import { type Cursor } from '../../registry/registry.js';

/** A position in the history of a cluster, with the last known event of the scope up to there. */
export interface Position {
  readonly clusterId: string;
  readonly revision: bigint;
  readonly fingerprint?: EventFingerprint | undefined;
}

/** Encodes a position as a cursor. */
export function toCursor({ clusterId, revision, fingerprint }: Position): Cursor {
  const position = `${clusterId}:${revision}`;
  return fingerprint === undefined ? position : `${position}:${fingerprint.revision}:${fingerprint.digest}`;
}

/** Decodes a cursor of this driver; undefined for any other string. */
export function fromCursor(cursor: Cursor): Position | undefined {
  const [, clusterId, revision, last, digest] = /^(\d+):(\d+)(?::(\d+):([\w-]+))?$/.exec(cursor) ?? [];
  if (clusterId === undefined || revision === undefined) return undefined;
  const position = { clusterId, revision: BigInt(revision) };
  return last === undefined || digest === undefined
    ? position
    : { ...position, fingerprint: { revision: BigInt(last), digest } };
}
