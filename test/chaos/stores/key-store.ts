import { type KeyChange } from '../recording/event.js';

/** Where keys are kept, as one sees and changes it by hand, past the library. */
export interface KeyStore {
  /** `etcd`, `consul`, `file`. */
  readonly name: string;
  /** The registry URL for applications. */
  readonly url: string;

  /** The value of a key, by a read that no write before it can be missing from. */
  read(key: string): Promise<string | undefined>;

  /** Writes a key with nothing alive behind it, whatever stands there. */
  write(key: string, value: string): Promise<void>;

  remove(key: string): Promise<void>;

  /** Has what happens to a key from now on written down. */
  follow(key: string): Promise<KeyLog>;
}

/** One change of one key. */
export interface KeyLog {
  /** Whether it has every single change; others may miss what came and went between two looks. */
  readonly complete: boolean;
  /** Ends, and resolves with what happened, in the store's order. */
  end(): Promise<readonly KeyChange[]>;
}
