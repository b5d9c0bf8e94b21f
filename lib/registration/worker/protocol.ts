import { type RegistrationEvent, type RegistrationState } from '../registration-status.js';
import { type RegistrationOptions } from '../registrar.js';
import { type EntryRecord } from '../../registry/entry-record.js';

/** What the worker is started with. */
export interface WorkerSettings {
  /** URL of the registry, secrets and all: it stays within the process. */
  readonly registry: string;
  readonly name: string;
  /** Milliseconds the main thread may show no sign of life. */
  readonly maxHangMs: number;
  /** The main thread counts up here as long as it is alive. */
  readonly pulse: Int32Array;
}

/** What the main thread asks for; each is answered by one {@link Answer} with the same number. */
export type Request =
  /** Answered when the entry is taken on. */
  | {
      readonly kind: 'register';
      readonly key: string;
      readonly record: EntryRecord;
      readonly options: RegistrationOptions;
    }
  /** Answered when its first write is. */
  | { readonly kind: 'first'; readonly id: string }
  | { readonly kind: 'value'; readonly id: string; readonly record: EntryRecord }
  | { readonly kind: 'ttl'; readonly id: string; readonly seconds: number }
  | { readonly kind: 'update-interval'; readonly id: string; readonly seconds: number }
  | { readonly kind: 'pause' | 'resume' | 'stop'; readonly id: string }
  | { readonly kind: 'connect'; readonly ttl: number; readonly connection: number }
  | { readonly kind: 'disconnect'; readonly connection: number }
  | { readonly kind: 'close' };

/** An error as it crosses the threads. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface Answer {
  readonly kind: 'answer';
  readonly number: number;
  readonly result?: string | number;
  readonly failure?: Failure;
}

/** The beats, with their ages at the moment they were sent. */
export interface StatusReport {
  readonly kind: 'statuses';
  readonly statuses: readonly {
    readonly key: string;
    readonly state: RegistrationState;
    readonly age: number | undefined;
  }[];
}

/** What the worker says. */
export type Report =
  | Answer
  | StatusReport
  | { readonly kind: 'event'; readonly event: RegistrationEvent }
  | { readonly kind: 'log'; readonly level: 'log' | 'warn' | 'error' | 'debug'; readonly message: string };

export function failureOf(error: unknown): Failure {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return {
    code: typeof code === 'string' ? code : 'SIDEKICK_WORKER',
    message: typeof message === 'string' ? message : String(error),
  };
}
