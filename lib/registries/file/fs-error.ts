import { RegistryRefusedError, RegistryUnavailableError, SidekickError } from '../../common/errors/index.js';

/** Returns the code of a file system error, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** The error codes of file systems without hard links, and of a link across two file systems. */
const LINK_UNSUPPORTED_CODES = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK']);

/** Returns what the operator can do about a non-retryable error. */
function adviceOn(errno: string, syscall: unknown): string {
  if (syscall === 'link' && LINK_UNSUPPORTED_CODES.has(errno))
    return 'Its file system has no hard links, which the file registry needs to order concurrent writes: name a folder on another file system with file:/some/folder.';
  if (errno === 'EROFS')
    return 'Its file system is read-only: name a folder on another one with file:/some/folder.';
  if (errno === 'ENAMETOOLONG') return 'Name a folder with a shorter path.';
  if (errno === 'ENOTDIR' || errno === 'ELOOP') return 'Part of its path is not a folder: correct the path.';
  return 'Its folder must belong to the user the process runs as.';
}

/** Non-retryable error codes. */
const NON_RETRYABLE_CODES = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
  'EXDEV',
]);

/** Converts a file system error to an error of the port: refused if it is not retryable, otherwise unavailable. */
export function asRegistryError(url: string, error: unknown): Error {
  const failure = error instanceof Error ? error : new Error(String(error), { cause: error });
  const errno = errnoOf(error);
  if (failure instanceof SidekickError || errno === undefined || !/^E[A-Z0-9]+$/.test(errno)) return failure;
  if (NON_RETRYABLE_CODES.has(errno))
    return new RegistryRefusedError(
      `The registry ${url} refused: ${failure.message}. ${adviceOn(errno, (error as NodeJS.ErrnoException).syscall)}`,
      { cause: error },
    );
  return new RegistryUnavailableError(url, [{ endpoint: url.slice('file:'.length), error: failure }], {
    cause: error,
  });
}
