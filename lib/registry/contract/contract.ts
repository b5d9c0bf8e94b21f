import { type EntryRecord, type EntryKey } from '../entry-record.js';
import { type Registry } from '../registry.js';

/** One registry as a driver's tests set it up. Made anew for each case; several may share a server. */
export interface ContractSubject {
  /** Opens a connection. The suite opens more than one, and closes each. */
  connect(): Promise<Registry>;
  /** Moves a virtual clock that all connections run on. Without it, the suite waits in real time. */
  advance?(ms: number): Promise<void>;
  /** Called when the case is over and every connection is closed. */
  close?(): Promise<void>;
}

/** What a registry can do that others cannot, or cannot do that others can. Left out, it is what is said first. */
export interface ContractCapabilities {
  /** Read-write; `false` for registries that only answer. */
  readonly write?: boolean;
  /** It keeps plain keys; `false` where it knows instances alone. */
  readonly keys?: boolean;
  /** The registry guards writes of instances itself; `false` where two writers can pass each other. */
  readonly guardedInstances?: boolean;
  /** A renewal names entry keys that are missing; `false` where only a watch or a list tells. */
  readonly reportsMissing?: boolean;
  /** It has no datacenters and refuses `dc`; `true` where it has them. */
  readonly datacenters?: boolean;
}

/** A driver, described for {@link registryContract}. */
export interface RegistryContract<S extends ContractSubject = ContractSubject> {
  /** Shown as the name of the suite. */
  readonly name: string;
  readonly capabilities?: ContractCapabilities;
  /** Seconds of the sessions that are left to expire; 2 unless the registry grants nothing so short. */
  readonly ttl?: number;
  /** Milliseconds after its last renewal within which an entry must be gone; `ttl` and 3 s unless given. */
  readonly expiryMs?: number;
  /** Instances a read-only registry holds already, all of one service. */
  readonly content?: { readonly service: string; readonly instances: number };

  open(): Promise<S>;
  /** Makes `entry key` hold something that cannot be understood, by other means than the driver. */
  corrupt?(subject: S, entryKey: EntryKey): Promise<void>;
  /** Removes what is in `entry key` behind its holder's back. */
  forget?(subject: S, entryKey: EntryKey): Promise<void>;
  /** Writes `record` with no session behind it. */
  plant?(subject: S, record: EntryRecord): Promise<void>;
  /** Ends a session behind its holder's back. */
  revoke?(subject: S, session: string): Promise<void>;
  /** Forgets the registry's history. */
  compact?(subject: S): Promise<void>;
}

/** One check, for whichever test runner: it passes when `run` resolves. */
export interface ContractCase {
  readonly name: string;
  /** Milliseconds a runner should allow. */
  readonly timeoutMs: number;
  readonly run: () => Promise<void>;
}
