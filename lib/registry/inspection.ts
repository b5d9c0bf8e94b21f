/** A server of a registry. */
export interface RegistryMember {
  /** The name that the server gives itself; its address if it has none. */
  readonly name: string;
  /** Where clients reach it, without secrets. Empty until the server has started. */
  readonly urls: readonly string[];
  /** Whether this connection sends its requests to the server. */
  readonly inUse: boolean;
  /** Whether the server leads the others. Undefined where this connection cannot know. */
  readonly leader?: boolean;
}

/** What {@link Finding}s are about, besides the registry itself. */
export interface ExaminedRights {
  /** The service that an application registers or reads. */
  readonly service: string;
  /** The key that an application registers; undefined if it registers none. */
  readonly key?: string;
}

/** The result of one check of a registry. */
export interface Finding {
  /** What was checked, in one or two words: `version`, `clock`, `read service`. */
  readonly check: string;
  /** `warning`: works now, and fails in a case that the advice names. */
  readonly status: 'ok' | 'warning' | 'failed';
  /** One sentence, or a value. Without secrets. */
  readonly message: string;
  /** What to do. Set unless `status` is `ok`. */
  readonly advice?: string;
}

/** The most by which two clocks may differ, in milliseconds. `Date` headers have a resolution of one second. */
const CLOCK_TOLERANCE_MS = 5_000;

/**
 * Compares the time of a server with this machine's.
 *
 * @param server milliseconds since 1970; undefined if the server did not send its time
 * @param own milliseconds since 1970
 */
export function clockFinding(server: number | undefined, own: number): Finding {
  const check = 'clock';
  if (server === undefined) return { check, status: 'ok', message: 'not compared: the server sent no time' };
  const seconds = Math.round((own - server) / 1_000);
  const difference = `${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} the server`;
  if (Math.abs(own - server) <= CLOCK_TOLERANCE_MS)
    return { check, status: 'ok', message: Math.abs(seconds) <= 1 ? 'equal to the server' : difference };
  return {
    check,
    status: 'warning',
    message: difference,
    advice: 'Synchronize both by NTP. Registrations do not depend on it; certificates, tokens and logs do.',
  };
}
