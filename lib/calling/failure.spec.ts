import { DeadlineExceededError } from '../common/errors/index.js';
import { failureOf, failureOfClient, outcomeOfStatus } from './failure.js';

const withCode = (code: string, more: object = {}): Error =>
  Object.assign(new Error(code), { code, ...more });

describe('outcomeOfStatus', () => {
  it.each([
    [200, 'success'],
    [404, 'success'],
    [429, 'success'],
    [500, 'failure'],
    [501, 'success'],
    [503, 'failure'],
    [599, 'failure'],
  ])('of %i is %s', (status, outcome) => {
    expect(outcomeOfStatus(status)).toBe(outcome);
  });
});

describe('failureOf', () => {
  it.each([
    ['ECONNREFUSED', false, 'connect', 'failure'],
    ['ECONNRESET', false, 'connect', 'failure'],
    ['ENOTFOUND', false, 'connect', 'aborted'],
    ['ECONNRESET', true, 'reset', 'failure'],
    ['UND_ERR_SOCKET', true, 'reset', 'failure'],
    ['EMFILE', false, undefined, 'aborted'],
    ['UND_ERR_INVALID_ARG', false, undefined, 'aborted'],
    ['SIDEKICK_INVALID_OPTION', false, undefined, 'aborted'],
  ])('of %s, sent %s: reason %s, %s', (code, sent, reason, outcome) => {
    expect(failureOf(withCode(code), sent)).toEqual({ reason, outcome });
  });

  it('of an abort is local, also from another realm', () => {
    expect(failureOf({ name: 'AbortError' }, true)).toEqual({ reason: undefined, outcome: 'aborted' });
    expect(failureOf(undefined, true)).toEqual({ reason: 'reset', outcome: 'failure' });
  });
});

describe('failureOfClient', () => {
  const refused = withCode('ECONNREFUSED', { syscall: 'connect' });

  it.each([
    ['a status of axios', { response: { status: 503 } }, { reason: 503, outcome: 'failure' }],
    ['a status of got', { response: { statusCode: 500 } }, { reason: 500, outcome: 'failure' }],
    ['a status below 500', { statusCode: 404 }, { reason: undefined, outcome: 'success' }],
    ['a refused connection', refused, { reason: 'connect', outcome: 'failure' }],
    ['a cause', new TypeError('fetch failed', { cause: refused }), { reason: 'connect', outcome: 'failure' }],
    ['several addresses', new AggregateError([refused]), { reason: 'connect', outcome: 'failure' }],
    ['a reset', withCode('ECONNRESET'), { reason: 'reset', outcome: 'failure' }],
    ['an error of a database', withCode('23505'), { reason: undefined, outcome: 'aborted' }],
    ['a defect', new TypeError('x is not a function'), { reason: undefined, outcome: 'aborted' }],
    ['a string', 'no', { reason: undefined, outcome: 'aborted' }],
    ['a name that cannot be resolved', withCode('ENOTFOUND'), { reason: 'connect', outcome: 'aborted' }],
  ])('of %s', (_what, error, failure) => {
    expect(failureOfClient(error)).toEqual(failure);
  });

  it('of a cause that is its own cause ends', () => {
    const error: Error & { cause?: unknown } = new Error('round');
    error.cause = error;
    expect(failureOfClient(error).outcome).toBe('aborted');
  });

  it('of a deadline of this library is undecided', () => {
    expect(failureOfClient(new DeadlineExceededError('late')).outcome).toBe('aborted');
  });
});
