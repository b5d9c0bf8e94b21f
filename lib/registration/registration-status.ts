import { type LostReason } from './registration-machine.js';

/** Where one kept entry stands, for people and monitors. */
export type RegistrationState = 'starting' | 'alive' | 'late' | 'lost' | 'standby' | 'paused' | 'stopped';

/** One kept entry, as it is now. */
export interface RegistrationStatus {
  /** The key, or `<service>/<id>` for an announced instance. */
  readonly key: string;
  readonly state: RegistrationState;
  /** Wall-clock time of the last acknowledged renewal or write; undefined before the first. */
  readonly lastAck: Date | undefined;
  /** Milliseconds since then, by the monotonic clock. */
  readonly age: number | undefined;
}

/** What happened to one kept entry. */
export interface RegistrationEvent {
  /**
   * `alive`: acknowledged, for the first time or after being late. `late`: a renewal failed. `lost`: it is not in the
   * registry, or not ours. `restored`: it is back. `stopped`: withdrawn on purpose.
   */
  readonly type: 'alive' | 'late' | 'lost' | 'restored' | 'stopped';
  /** The key, or `<service>/<id>` for an announced instance. */
  readonly key: string;
  /** Only with `lost`. */
  readonly reason?: LostReason;
}
