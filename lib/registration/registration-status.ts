import { type LostReason } from './registration-machine.js';

/**
 * State of one registration. `standby`: another session owns the entry, and this registration waits for it. `late`: the
 * last renewal failed.
 */
export type RegistrationState = 'starting' | 'alive' | 'late' | 'lost' | 'standby' | 'paused' | 'stopped';

/** Status of one registration at one moment. */
export interface RegistrationStatus {
  /** The key, or `<service>/<id>` for an announced instance. */
  readonly key: string;
  /** State of the registration now. */
  readonly state: RegistrationState;
  /** Wall-clock time of the last acknowledged renewal or write; undefined before the first. */
  readonly lastAck: Date | undefined;
  /** Seconds since then, by the monotonic clock; undefined before the first. */
  readonly age: number | undefined;
  /** Name of the service; undefined for a key. */
  readonly service?: string | undefined;
  /** Seconds until the entry expires without a further renewal; undefined while it is not registered. */
  readonly expiresIn?: number | undefined;
}

/** A change of one registration. */
export interface RegistrationEvent {
  /**
   * `alive`: acknowledged for the first time, or after being late. `late`: a renewal failed. `lost`: the entry is not in
   * the registry, or another session owns it. `restored`: it is back. `stopped`: deregistered by the application.
   */
  readonly type: 'alive' | 'late' | 'lost' | 'restored' | 'stopped';
  /** The key, or `<service>/<id>` for an announced instance. */
  readonly key: string;
  /** Only with `lost`. */
  readonly reason?: LostReason;
}
