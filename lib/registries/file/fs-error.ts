import { RegistryRefusedError, RegistryUnavailableError, SidekickError } from '../../common/errors/index.js';

/** The code of a file system error, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** The code of a file system without hard links, or of a link across two file systems. */
const LINK_UNSUPPORTED_CODES = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK']);

/** What helps against each refusal. */
function adviceOn(errno: string, syscall: unknown): string {
  if (syscall === 'link' && LINK_UNSUPPORTED_CODES.has(errno))
    return 'Its file system has no hard links, by which the file registry decides between concurrent writers: name a folder on another file system with file:/some/folder.';
  if (errno === 'EROFS') return 'Its file system can only be read: name another with file:/some/folder.';
  if (errno === 'ENAMETOOLONG') return 'Name a folder with a shorter path.';
  if (errno === 'ENOTDIR' || errno === 'ELOOP')
    return 'Part of its path is not a folder: name the folder that is meant.';
  return 'Its folder must belong to the user the process runs as.';
}

/** What trying again does not change. */
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

/** A file system error as the port's errors. */
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
