import { type Cursor } from '../registry.js';

/** A position: a revision, and the cluster whose it is. */
export interface Position {
  readonly clusterId: string;
  readonly revision: bigint;
}

/** A position as the port passes it around. */
export function toCursor({ clusterId, revision }: Position): Cursor {
  return `${clusterId}:${revision}`;
}

/** The position behind a cursor of this driver; undefined for any other text. */
export function fromCursor(cursor: Cursor): Position | undefined {
  const match = /^(\d+):(\d+)$/.exec(cursor);
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : { clusterId: match[1], revision: BigInt(match[2]) };
}
