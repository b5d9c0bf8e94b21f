import { type EntryRecord, type EntryKey } from '../entry-record.js';
import { type Registry } from '../registry.js';

/** The registry that one case tests. The suite opens one per case; several may share a server. */
export interface ContractSubject {
  /** Opens a connection. A case may open several; the suite closes all of them. */
  connect(): Promise<Registry>;
  /** Advances the virtual clock of all connections by `ms` milliseconds. Without it, the suite waits in real time. */
  advance?(ms: number): Promise<void>;
  /** Called after the case, when all connections are closed. */
  close?(): Promise<void>;
}

/** The features in which registries differ. */
export interface ContractCapabilities {
  /**
   * Whether the registry can be written to.
   *
   * @default true
   */
  readonly write?: boolean;
  /**
   * Whether the registry holds plain keys besides instances.
   *
   * @default true
   */
  readonly keys?: boolean;
  /**
   * Whether the registry carries elections and locks: it has `discard`, create revisions and detached sessions.
   *
   * @default true
   */
  readonly elections?: boolean;
  /**
   * Whether the registry itself guards writes of instances, so that of two concurrent writers one fails.
   *
   * @default true
   */
  readonly guardedInstances?: boolean;
  /**
   * Whether a renewal reports missing entry keys. If not, only a watch or a listing shows that they are missing.
   *
   * @default true
   */
  readonly reportsMissing?: boolean;
  /**
   * Whether the registry has datacenters. If not, it must refuse the option `dc`.
   *
   * @default false
   */
  readonly datacenters?: boolean;
}

/** Describes a driver for {@link registryContract}. */
export interface RegistryContract<S extends ContractSubject = ContractSubject> {
  /** The name of the suite. */
  readonly name: string;
  readonly capabilities?: ContractCapabilities;
  /**
   * TTL, in seconds, of the sessions that the suite lets expire. Set it if the registry grants no shorter one.
   *
   * @default 2
   */
  readonly ttl?: number;
  /**
   * Milliseconds after the last renewal within which an entry must be removed.
   *
   * @default the TTL plus 3000
   */
  readonly expiryMs?: number;
  /** The instances that a read-only registry holds, all of one service. Enables the cases that read them. */
  readonly content?: { readonly service: string; readonly instances: number };

  /** Sets up the registry for one case. */
  open(): Promise<S>;
  /** Writes a value that the driver cannot parse to `entryKey`, without the driver. */
  corrupt?(subject: S, entryKey: EntryKey): Promise<void>;
  /** Removes the entry of `entryKey` without its session. */
  forget?(subject: S, entryKey: EntryKey): Promise<void>;
  /** Writes `record` without a session. */
  plant?(subject: S, record: EntryRecord): Promise<void>;
  /** Revokes the session with this id without its holder. */
  revoke?(subject: S, session: string): Promise<void>;
  /** Compacts the registry's history. */
  compact?(subject: S): Promise<void>;
}

/** One case of the suite, for any test runner. It passes if `run` resolves. */
export interface ContractCase {
  readonly name: string;
  /** Milliseconds that the test runner should allow for the case. */
  readonly timeoutMs: number;
  /** Runs the case. Rejects when the driver breaks the rule. */
  readonly run: () => Promise<void>;
}
