import { type RegistrationStatus, type RegistrationEvent } from './registration-status.js';
import { type RecordSource } from './value-updater.js';

/** Options of one registration. */
export interface RegistrationOptions {
  /** Seconds the entry outlives its last renewal. */
  readonly ttl: number;
  /** Seconds between two computations of the value, and between two checks of the entry. */
  readonly updateInterval: number;
  /** Whether to fail while another live session owns the entry; false: take it over. */
  readonly exclusive: boolean;
  /**
   * Whether to wait while another live session owns the entry.
   *
   * @default false
   */
  readonly waits?: boolean;
}

/** One entry that a {@link Registrar} keeps in the registry. After `stop()` and `close()` its methods do nothing. */
export interface Registration {
  readonly status: RegistrationStatus;

  /**
   * Resolves with the first write, or with a pause before it. Rejects when the first attempt fails; it is retried until the
   * registration is stopped.
   */
  readonly first: Promise<void>;

  /**
   * Replaces the record, or the function that computes it, and writes at once. Resolves when the registry has the record, or
   * after 2 s: then it is retried in the background.
   */
  update(source: RecordSource): Promise<void>;

  /** @param seconds between two computations of the value, and between two checks of the entry */
  setUpdateInterval(seconds: number): void;

  /** Moves the entry to a session with this TTL, in seconds. The entry is not absent in between. */
  setTtl(seconds: number): Promise<void>;

  /** Deregisters the entry until {@link Registration.resume}. Resolves when it is gone, or after 2 s. */
  pause(): Promise<void>;

  /** Registers the entry again after {@link Registration.pause}. */
  resume(): void;

  /** Deregisters the entry for good. Resolves when it is gone, or after 2 s: then it continues in the background. */
  stop(): Promise<void>;
}

/** Registers entries and keeps them alive, in this thread or in a worker thread. */
export interface Registrar {
  /** The status of every registration, in order of their start. */
  readonly statuses: readonly RegistrationStatus[];

  /** Calls `listener` with every event. Returns a function that removes the listener. */
  onEvent(listener: (event: RegistrationEvent) => void): () => void;

  /**
   * Registers a record, constant or computed. Resolves before the first write.
   *
   * @param isPaused Called right before the registration starts. True: it starts paused, and writes nothing before
   * {@link Registration.resume}. False by default.
   * @throws InvalidOptionError when this process has registered the entry already
   * @throws DeadlineExceededError when the function does not finish within its update interval
   * @throws ClosedError after {@link Registrar.close}, also when it is closed meanwhile
   */
  register(
    key: string,
    source: RecordSource,
    options: RegistrationOptions,
    isPaused?: () => boolean,
  ): Promise<Registration>;

  /**
   * Opens the session for entries of this TTL (seconds) before the first entry, to find out whether the registry is
   * reachable. The session stays open until the returned function is called.
   *
   * @throws the error of the first attempt
   */
  connect(ttl: number): Promise<() => void>;

  /** Ends every session, and with it every entry. Resolves when they are gone, or after 2 s. */
  close(): Promise<void>;
}
