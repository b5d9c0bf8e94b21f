import { DeadlineExceededError } from '../common/errors/index.js';
import { outcomeOf } from './call.js';

describe('outcomeOf', () => {
  it.each([
    ['no error', undefined, 'success'],
    ['null', null, 'success'],
    ['an error', new Error('refused'), 'failure'],
    ['a string', 'refused', 'failure'],
    ['a rejected response', { status: 503 }, 'failure'],
    ['an AbortError', new DOMException('aborted', 'AbortError'), 'aborted'],
    ['the TimeoutError of AbortSignal.timeout', new DOMException('too long', 'TimeoutError'), 'aborted'],
    ['an error of another realm', { name: 'AbortError', message: 'aborted' }, 'aborted'],
    ['a cancelled request of axios', { code: 'ERR_CANCELED' }, 'aborted'],
    ["the caller's deadline", new DeadlineExceededError('too long'), 'aborted'],
  ])('%s', (_what, error, outcome) => {
    expect(outcomeOf(error)).toBe(outcome);
  });
});
