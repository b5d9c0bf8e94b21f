import { inspect } from 'node:util';
import {
  BundledPackageError,
  ClosedError,
  DeadlineExceededError,
  InvalidOptionError,
  MissingPeerError,
  RegistryRefusedError,
  RegistryUnavailableError,
  TlsError,
} from '../../common/errors/index.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';
import { IntervalTooSmallError } from '../../sidekick/interval-too-small.error.js';
import { AlreadyHeldError } from '../already-held.error.js';
import { errorOf, failureOf } from './failure.js';
import { WorkerFailureError } from './worker-failure.error.js';

function crossed(thrown: unknown): Error {
  return errorOf(structuredClone(failureOf(thrown)));
}

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', port: 2379 });

describe('An error that crosses the worker thread', () => {
  it.each([
    new AlreadyHeldError({ kind: 'key', key: 'k' }, 'other'),
    new BundledPackageError('etcd3', 'it reads a file', refused),
    new ClosedError('The registry'),
    new DeadlineExceededError('late'),
    new InvalidOptionError('Expected `ca`.'),
    new MissingPeerError('consul', 'consul://', refused),
    new RegistryRefusedError('permission denied'),
    new RegistryUnavailableError('etcd://a', [{ endpoint: 'a:2379', error: refused }], { cause: refused }),
    new SessionGoneError('etcd://a', '7', { cause: refused }),
    new TlsError('SIDEKICK_TLS_NAME', 'another name', refused),
  ])('is of its public class: $name', (error) => {
    const copy = crossed(error);
    expect(copy).toBeInstanceOf(error.constructor);
    expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(error));
    expect(copy).toMatchObject(Object.fromEntries(Object.entries(error)));
    // With its stack, its cause and all fields that Node prints.
    expect(inspect(copy)).toBe(inspect(error));
  });

  it('has the failures of its endpoints, with their classes', () => {
    const untrusted = new TlsError('SIDEKICK_TLS_UNTRUSTED', 'unknown authority');
    const failures = [
      { endpoint: 'a:2379', error: untrusted },
      { endpoint: 'b:2379', error: refused },
    ];
    const copy = crossed(new RegistryUnavailableError('etcd://a', failures, { cause: untrusted }));
    expect(copy).toBeInstanceOf(RegistryUnavailableError);
    expect(copy.cause).toBeInstanceOf(TlsError);
    const [first, second] = (copy as RegistryUnavailableError).failures;
    expect(first?.error).toBeInstanceOf(TlsError);
    expect(second?.error).toMatchObject({ message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' });
    expect(Object.keys(copy)).not.toContain('failures');
  });

  it('is of the public class above its own, with its own code', () => {
    const error = new IntervalTooSmallError('Expected `updateInterval` to be 1.');
    const copy = crossed(error);
    expect(copy).toBeInstanceOf(InvalidOptionError);
    expect(copy).toMatchObject({ code: error.code, message: error.message });
  });

  it('keeps code, message and cause without a public class', () => {
    const copy = crossed(Object.assign(new TypeError('bad'), { code: 'ERR_BAD', cause: 'why' }));
    expect(copy).toBeInstanceOf(WorkerFailureError);
    expect(copy).toMatchObject({ code: 'ERR_BAD', message: 'bad', cause: { message: 'why' } });
    expect(crossed('thrown')).toMatchObject({ code: 'SIDEKICK_WORKER', message: 'thrown' });
  });

  it('may be its own cause', () => {
    const error = new RegistryRefusedError('permission denied');
    error.cause = error;
    expect(crossed(error)).toBeInstanceOf(RegistryRefusedError);
  });
});
