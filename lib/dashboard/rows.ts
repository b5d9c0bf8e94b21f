/** One application, in the page's header. */
export interface ApplicationRow {
  readonly kind: 'application';
  readonly title: string;
  readonly host: string;
  readonly pid: number;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
}

/** One service that the application discovers. */
export interface ServiceRow {
  readonly kind: 'service';
  readonly name: string;
  readonly balancer?: string;
  /** Number of the list; 0 before the first. */
  readonly revision: number;
  readonly stale: boolean;
  /** Time of the registry's last sign of life, in milliseconds since the Unix epoch. */
  readonly heardAt?: number;
  /** Why the list is stale. */
  readonly error?: string;
  /** Whether too few endpoints are healthy, so that their health is ignored. */
  readonly panic?: boolean;
  /** Calls in each of the last intervals of 5 s, oldest first. */
  readonly history?: readonly number[];
}

/** One endpoint of a service. */
export interface EndpointRow {
  readonly kind: 'endpoint';
  readonly service: string;
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly zone?: string;
  readonly weight: number;
  readonly tags: readonly string[];
  readonly state: 'active' | 'ejected' | 'suspect';
  /** Calls in progress. */
  readonly inFlight?: number;
  /** Mean duration over the last minute. */
  readonly latencyMs?: number;
  /** Calls over the last minute. */
  readonly calls?: number;
  /** Share of the service's calls over the last minute, from 0 to 1. */
  readonly share?: number;
  /** Failed calls over the last minute. */
  readonly failures?: number;
}

/** One registration of the application. */
export interface RegistrationRow {
  readonly kind: 'registration';
  readonly key: string;
  readonly state: string;
  /** Time of the last acknowledgement, in milliseconds since the Unix epoch. */
  readonly acknowledgedAt?: number;
  /** Time at which the registry removes the entry unless it is renewed, in milliseconds since the Unix epoch. */
  readonly expiresAt?: number;
}

/** One election that the application takes part in or observes. */
export interface ElectionRow {
  readonly kind: 'election';
  readonly name: string;
  readonly state: string;
  readonly isLeader: boolean;
  readonly leader?: string;
  readonly term?: string;
  /** Milliseconds since the Unix epoch. */
  readonly since?: number;
}

/** One registry that the application uses. */
export interface RegistryRow {
  readonly kind: 'registry';
  /** The URL without secrets. */
  readonly name: string;
  /** The modules that use it. */
  readonly usedBy: readonly string[];
  readonly members: readonly { readonly address: string; readonly inUse: boolean }[];
}

/** One line of the journal. */
export interface JournalRow {
  readonly kind: 'journal';
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly topic: 'change' | 'registration' | 'ejection' | 'election' | 'stale';
  readonly level: 'info' | 'warning';
  readonly subject: string;
  readonly text: string;
}

/** What the page shows, one row for each thing. */
export type Row =
  ApplicationRow | ServiceRow | EndpointRow | RegistrationRow | ElectionRow | RegistryRow | JournalRow;

/** One message of the event stream. */
export interface RowsMessage {
  /** Whether the rows are all there are: rows of earlier messages are dropped. */
  readonly complete: boolean;
  /** The server's clock in milliseconds since the Unix epoch. Ages are computed from it, not from the browser's clock. */
  readonly now: number;
  /** New and changed rows by key. */
  readonly rows: Readonly<Record<string, Row>>;
  /** Keys of the rows that are gone. */
  readonly removed: readonly string[];
}
