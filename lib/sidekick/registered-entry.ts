import { type Instance } from '../registry/instance.js';
import { type Registration } from '../registration/registrar.js';
import { type Value } from './sidekick.options.js';

/** A key that `Sidekick.keep()` registered. After `stop()` its methods do nothing. */
export interface RegisteredKey {
  /** Name of the key. */
  readonly key: string;
  /**
   * Changes the value and writes it at once. Resolves when the registry has it, or after 2 s: then it is retried in the
   * background.
   *
   * @throws InvalidOptionError for a bad value
   */
  value(value: Value): Promise<void>;
  /** Deregisters the key until `resume()`. Resolves when it is gone, or after 2 s. */
  pause(): Promise<void>;
  /** Registers the key again after `pause()`. */
  resume(): void;
  /** Deregisters the key for good. Resolves when it is gone, or after 2 s. */
  stop(): Promise<void>;
}

/** Changes of an announced instance. */
export interface ServiceUpdate {
  /** Replaces all tags. */
  readonly tags?: readonly string[];
  /** Replaces all metadata. */
  readonly meta?: Readonly<Record<string, string>>;
  /** An integer from 0 to 65535. */
  readonly weight?: number;
}

/** An instance that `Sidekick.announce()` registered. After `stop()` its methods do nothing. */
export interface AnnouncedService {
  /** The instance as announced now. */
  readonly instance: Instance;
  /**
   * Changes the instance and writes it at once. Resolves when the registry has it, or after 2 s.
   *
   * @throws InvalidOptionError for a bad change, and for any field but these three
   */
  update(changes: ServiceUpdate): Promise<void>;
  /** Deregisters the instance until `resume()`. Resolves when it is gone, or after 2 s. */
  pause(): Promise<void>;
  /** Registers the instance again after `pause()`. */
  resume(): void;
  /** Deregisters the instance for good. Resolves when it is gone, or after 2 s. */
  stop(): Promise<void>;
}

/** The methods that a registered key and an announced instance have in common. */
export function controlsOf(
  registration: () => Registration | undefined,
  stop: () => Promise<void>,
): Pick<RegisteredKey, 'pause' | 'resume' | 'stop'> {
  return {
    pause: async () => {
      await registration()?.pause();
    },
    resume: () => {
      registration()?.resume();
    },
    stop,
  };
}
