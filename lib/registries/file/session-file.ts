/** What the file of a session says: alive until `deadline`, unless it is renewed. */
export interface SessionFile {
  readonly format: 1;
  readonly id: string;
  /** For operators: who holds it. */
  readonly name?: string;
  readonly pid: number;
  /** Seconds. */
  readonly ttl: number;
  /** Which time `deadline` is on; see `BootTime`. */
  readonly boot?: string;
  /** Milliseconds of boot time. */
  readonly deadline: number;
  /** The deadline as milliseconds since the Unix epoch: a first guess for who cannot read `deadline`. */
  readonly wall: number;
  /** It was ended; what it held is no longer there, whatever is still to be seen. */
  readonly ended?: true;
  /** Beside `ended`: its deadline had passed before its holder ended it. */
  readonly late?: true;
}

const SESSION_ID = /^[a-z0-9-]{1,64}$/;

/** Whether `id` is that of a session, which is part of a file's name. */
export function isSessionId(id: unknown): id is string {
  return typeof id === 'string' && SESSION_ID.test(id);
}

/** Parses the file of a session; undefined where it is none. */
export function readSessionFile(text: string): SessionFile | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { format, id, ttl, deadline, wall, boot } = value as Record<string, unknown>;
  const times = [ttl, deadline, wall].every((time) => typeof time === 'number' && Number.isFinite(time));
  const known = format === 1 && isSessionId(id) && (boot === undefined || typeof boot === 'string');
  return times && known ? (value as SessionFile) : undefined;
}
