import { type LogFields } from '../../common/logger.js';
import { type RegistrationEvent, type RegistrationState } from '../registration-status.js';
import { type RegistrationOptions } from '../registrar.js';
import {
  type ElectionReport,
  type ElectionRequest,
  type ElectionResult,
} from '../../election/worker/protocol.js';
import { type EntryRecord } from '../../registry/entry-record.js';
import { type ConnectionState } from '../../registry/registry-pool.js';
import { type Failure } from './failure.js';

/** Start parameters of the worker. */
export interface WorkerSettings {
  /** URL of the registry, with secrets; it does not leave the process. */
  readonly registry: string;
  readonly name: string;
  /** Nest's `applicationId`, for diagnostics. */
  readonly applicationId: string | undefined;
  /** Milliseconds the main thread may hang before all entries are deregistered. */
  readonly maxHangMs: number;
  /** The main thread increments the counter as long as it is alive. */
  readonly pulse: Int32Array;
  /** Which of {@link WORKER_CHANNELS} have subscribers in the main thread, one bit of the first number each. */
  readonly wantedChannels: Int32Array;
}

/** A request of the main thread. The worker sends one {@link Answer} with the same number. */
export type Request =
  /** Answered when the registration exists, before its first write. */
  | {
      readonly kind: 'register';
      readonly key: string;
      readonly record: EntryRecord;
      readonly options: RegistrationOptions;
      /** Whether the application has paused the registration before it exists. */
      readonly paused: boolean;
    }
  /** Answered with the first write. */
  | { readonly kind: 'first'; readonly id: string }
  | { readonly kind: 'value'; readonly id: string; readonly record: EntryRecord }
  | { readonly kind: 'ttl'; readonly id: string; readonly seconds: number }
  | { readonly kind: 'update-interval'; readonly id: string; readonly seconds: number }
  | { readonly kind: 'pause' | 'resume' | 'stop'; readonly id: string }
  | { readonly kind: 'connect'; readonly ttl: number; readonly connection: number }
  | { readonly kind: 'disconnect'; readonly connection: number }
  /** Deregisters all entries. The thread continues for elections, until it is terminated. */
  | { readonly kind: 'close' }
  | ElectionRequest;

/** Result of a request. */
export type Result = string | number | undefined | ElectionResult;

/** The response to one request. */
export interface Answer {
  readonly kind: 'answer';
  readonly number: number;
  readonly result?: Result;
  readonly failure?: Failure;
}

/** The status of every registration, and of the connection to the registry. */
export interface StatusReport {
  readonly kind: 'statuses';
  readonly connection: ConnectionState;
  readonly statuses: readonly {
    readonly key: string;
    readonly state: RegistrationState;
    /** Seconds since the last acknowledgement, at the moment of the report. */
    readonly age: number | undefined;
    readonly service: string | undefined;
    /** Seconds until the entry expires, at the moment of the report. */
    readonly expiresIn: number | undefined;
  }[];
}

/** The channels to which the code of the worker publishes, by their names in `CHANNELS`. */
export const WORKER_CHANNELS = Object.freeze([
  'heartbeatRenewed',
  'heartbeatLost',
  'heartbeatRestored',
  'heartbeatPropagated',
  'registryRequest',
] as const);

/** A message of a diagnostics channel, which the main thread publishes again: each thread has channels of its own. */
export interface DiagnosticsReport {
  readonly channel: (typeof WORKER_CHANNELS)[number];
  readonly message: unknown;
}

/** A message of the worker. */
export type Report =
  | Answer
  /** The last one of a worker whose registry could not be opened. */
  | { readonly kind: 'failed'; readonly failure: Failure }
  | StatusReport
  | ElectionReport
  | { readonly kind: 'diagnostics'; readonly messages: readonly DiagnosticsReport[] }
  | { readonly kind: 'event'; readonly event: RegistrationEvent }
  | {
      readonly kind: 'log';
      readonly level: 'log' | 'warn' | 'error' | 'debug';
      readonly message: string;
      readonly stack?: string | undefined;
      readonly fields?: LogFields | undefined;
    };
