import { type Instance } from '../registry/instance.js';
import { type Value } from './sidekick.options.js';

/** One more key that is kept. After `stop()` its methods do nothing. */
export interface RegisteredKey {
  readonly key: string;
  /** Changes the value and writes it at once. Resolves when it stands in the registry, after 2 s at the latest. */
  value(value: Value): Promise<void>;
  /** Withdraws the key until `resume()`. */
  pause(): Promise<void>;
  resume(): void;
  /** Withdraws the key for good. Resolves when it is gone, after 2 s at the latest. */
  stop(): Promise<void>;
}

/** What of an announced instance can be changed while it runs. */
export interface ServiceUpdate {
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  readonly weight?: number;
}

/** One more announced instance. After `stop()` its methods do nothing. */
export interface AnnouncedService {
  readonly instance: Instance;
  /** Changes what is announced and writes it at once. */
  update(changes: ServiceUpdate): Promise<void>;
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}
