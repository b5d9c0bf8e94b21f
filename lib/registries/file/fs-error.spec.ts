import { RegistryRefusedError, RegistryUnavailableError } from '../../common/errors/index.js';
import { asRegistryError } from './fs-error.js';

const failed = (code: string, syscall: string): Error =>
  Object.assign(new Error(`${code}: failed, ${syscall} '/x'`), { code, syscall });

describe('asRegistryError', () => {
  it.each([
    ['EPERM', 'link', /has no hard links.*file:\/some\/folder/],
    ['EOPNOTSUPP', 'link', /has no hard links/],
    ['ENOSYS', 'link', /has no hard links/],
    ['EXDEV', 'link', /has no hard links/],
    ['EPERM', 'open', /must belong to the user/],
    ['EACCES', 'open', /must belong to the user/],
    ['EROFS', 'open', /is read-only/],
    ['ENOTDIR', 'mkdir', /is not a folder/],
    ['ENAMETOOLONG', 'mkdir', /shorter path/],
  ])('advises on %s of %s', (code, syscall, advice) => {
    const cause = failed(code, syscall);
    const error = asRegistryError('file:/x', cause);
    expect(error).toBeInstanceOf(RegistryRefusedError);
    expect(error.message).toMatch(advice);
    expect(error.cause).toBe(cause);
  });

  it('converts any other error to a retryable one', () => {
    expect(asRegistryError('file:/x', failed('ENOSPC', 'write'))).toBeInstanceOf(RegistryUnavailableError);
  });
});
