import { parseJsonObject } from '../../common/json-object.js';

/** The content of a session's file. The session is alive until `deadline`; a renewal writes a later one. */
export interface SessionFile {
  readonly format: 1;
  readonly id: string;
  /** The name of the holder, for operators. */
  readonly name?: string;
  readonly pid: number;
  /** In seconds. */
  readonly ttl: number;
  /** Identifies the scale of `deadline`; see `BootTime`. */
  readonly boot?: string;
  /** In milliseconds of boot time. */
  readonly deadline: number;
  /** The deadline in milliseconds since the Unix epoch: an estimate for processes with another boot time. */
  readonly wall: number;
  /** The session has ended. Its entries are withdrawn, even if their files still exist. */
  readonly ended?: true;
  /** Set with `ended` if the deadline had already passed: the entries have expired. */
  readonly late?: true;
}

const SESSION_ID = /^[a-z0-9-]{1,64}$/;

/** Whether `id` is a valid session id. It is part of a file name. */
export function isSessionId(id: unknown): id is string {
  return typeof id === 'string' && SESSION_ID.test(id);
}

/** Parses a session's file. Returns undefined if it is malformed. */
export function readSessionFile(text: string): SessionFile | undefined {
  const value = parseJsonObject(text);
  if (!value) return undefined;
  const { format, id, ttl, deadline, wall, boot } = value;
  const times = [ttl, deadline, wall].every((time) => typeof time === 'number' && Number.isFinite(time));
  const known = format === 1 && isSessionId(id) && (boot === undefined || typeof boot === 'string');
  return times && known ? (value as unknown as SessionFile) : undefined;
}
