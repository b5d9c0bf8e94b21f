import { type RegistrationStatus, type RegistrationEvent } from './registration-status.js';
import { type ComputeRecord } from './value-updater.js';

/** How one entry is kept. */
export interface RegistrationOptions {
  /** Seconds. */
  readonly ttl: number;
  /** Seconds between two computations of the value. */
  readonly updateInterval: number;
  /** Refuse to start while another live session holds the entry key; false: take it over. */
  readonly exclusive: boolean;
  /** Wait while another live session holds the entry key, as after it has taken the entry key over; false by default. */
  readonly waits?: boolean;
}

/** An entry that is kept. */
export interface RegistrationHandle {
  /** What the other methods of {@link Registrar} know it by. */
  readonly id: string;
  /**
   * The first write, or a pause before it: rejects when it fails, and it is tried again all the same until the entry is
   * stopped.
   */
  readonly first: Promise<void>;
}

/** What keeps entries alive, in this thread or in another. */
export interface Registrar {
  /** The state of every entry, in the order they were added. */
  readonly statuses: readonly RegistrationStatus[];

  /** Calls `listener` with every event until the returned function is called. */
  onEvent(listener: (event: RegistrationEvent) => void): () => void;

  /**
   * Keeps what `produce` computes from now on.
   *
   * @throws InvalidOptionError when the entry key is kept already
   */
  register(key: string, produce: ComputeRecord, options: RegistrationOptions): Promise<RegistrationHandle>;

  /**
   * Computes the entry's value by `produce` from now on and writes it at once. Resolves when it stands in the
   * registry, or after 2 s: then it is tried again in the background.
   */
  update(id: string, produce: ComputeRecord): Promise<void>;

  /** @param seconds between two computations of the value */
  updateInterval(id: string, seconds: number): void;

  /** Keeps the entry by a session with this TTL, in seconds, from now on; it is never absent in between. */
  ttl(id: string, seconds: number): Promise<void>;

  /** Withdraws the entry until {@link Registrar.resume}. */
  pause(id: string): Promise<void>;

  resume(id: string): void;

  /** Withdraws the entry for good. Resolves when it is gone, or after 2 s: then it continues in the background. */
  stop(id: string): Promise<void>;

  /**
   * Opens the session for entries of this TTL (seconds) before there is one, so that a registry which cannot be had
   * is known now. The session stays until the returned function is called.
   *
   * @throws what the registry answered to the first try
   */
  connect(ttl: number): Promise<() => void>;

  /** Ends every session, and with them every entry. Resolves when they are gone, after 2 s at the latest. */
  close(): Promise<void>;
}
