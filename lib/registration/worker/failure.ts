import {
  BundledPackageError,
  ClosedError,
  DeadlineExceededError,
  type EndpointFailure,
  InvalidOptionError,
  MissingPeerError,
  RegistryRefusedError,
  RegistryUnavailableError,
  TlsError,
} from '../../common/errors/index.js';
import { messageOf } from '../../common/thrown.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';
import { AlreadyHeldError } from '../already-held.error.js';
import { WorkerFailureError } from './worker-failure.error.js';

/** The public classes of errors that cross the thread. Minified code has other names of classes, so the keys are strings. */
const CLASSES = {
  'already-held': AlreadyHeldError,
  bundled: BundledPackageError,
  closed: ClosedError,
  'deadline-exceeded': DeadlineExceededError,
  'invalid-option': InvalidOptionError,
  'missing-peer': MissingPeerError,
  'registry-refused': RegistryRefusedError,
  'registry-unavailable': RegistryUnavailableError,
  'session-gone': SessionGoneError,
  tls: TlsError,
} as const;

type ClassName = keyof typeof CLASSES;

/** Longest chain of causes that is serialized, as an error may be its own cause. */
const MAX_CAUSES = 8;

/** An error, serialized for the other thread. */
export interface Failure {
  /** The first of {@link CLASSES} that it is an instance of; undefined for any other error. */
  readonly type: ClassName | undefined;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own strings and numbers, such as `code`. */
  readonly fields: Readonly<Record<string, string | number>>;
  readonly cause: Failure | undefined;
  /** Those of a {@link RegistryUnavailableError}. */
  readonly failures: readonly { readonly endpoint: string; readonly failure: Failure }[] | undefined;
}

/** Serializes an error. */
export function failureOf(thrown: unknown): Failure {
  return serialized(thrown, MAX_CAUSES);
}

function serialized(thrown: unknown, causes: number): Failure {
  const error = thrown instanceof Error ? thrown : new Error(messageOf(thrown));
  const fields = Object.entries(error).filter(
    ([, value]) => typeof value === 'string' || typeof value === 'number',
  );
  const failures = error instanceof RegistryUnavailableError ? error.failures : undefined;
  const left = causes - 1;
  return {
    type: (Object.keys(CLASSES) as ClassName[]).find((name) => error instanceof CLASSES[name]),
    message: error.message,
    stack: error.stack,
    fields: Object.fromEntries(fields) as Failure['fields'],
    cause: error.cause === undefined || left === 0 ? undefined : serialized(error.cause, left),
    failures:
      left === 0
        ? undefined
        : failures?.map(({ endpoint, error: each }) => ({ endpoint, failure: serialized(each, left) })),
  };
}

/** Creates the error of the main thread for a failure in the worker: of its class, if that is public. */
export function errorOf(failure: Failure): Error {
  if (failure.type !== undefined) return revived(failure, CLASSES[failure.type]);
  const { message, fields } = failure;
  const code = typeof fields.code === 'string' ? fields.code : 'SIDEKICK_WORKER';
  return new WorkerFailureError({ code, message, cause: failure.cause && nested(failure.cause) });
}

/** An error of another class that is part of one of the library: a cause, or the failure of an endpoint. */
function nested(failure: Failure): Error {
  return revived(failure, failure.type === undefined ? Error : CLASSES[failure.type]);
}

/** Makes an instance without the constructor of its class, which composes the message from other arguments. */
function revived(
  { message, stack, fields, cause, failures }: Failure,
  type: { readonly prototype: Error },
): Error {
  const options = cause && { cause: nested(cause) };
  const error: Error = Reflect.construct<[string, object | undefined], Error>(
    Error,
    [message, options],
    type as new () => Error,
  );
  const hidden = (name: string, value: unknown): void => {
    Object.defineProperty(error, name, { value, writable: true, configurable: true });
  };
  Object.assign(error, fields);
  if (stack !== undefined) hidden('stack', stack);
  if (failures)
    hidden(
      'failures',
      failures.map(({ endpoint, failure }): EndpointFailure => ({ endpoint, error: nested(failure) })),
    );
  return error;
}
