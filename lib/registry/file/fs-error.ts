import { RegistryRefusedError, RegistryUnavailableError, SidekickError } from '../../kernel/errors/index.js';

/** The code of a file system error, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** What trying again does not change. */
const REFUSALS = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOTSUP',
  'EXDEV',
]);

/** A file system error as the port's errors. */
export function asRegistryError(url: string, error: unknown): Error {
  const failure = error instanceof Error ? error : new Error(String(error), { cause: error });
  const errno = errnoOf(error);
  if (failure instanceof SidekickError || errno === undefined || !/^E[A-Z0-9]+$/.test(errno)) return failure;
  if (REFUSALS.has(errno))
    return new RegistryRefusedError(
      `The registry ${url} refused: ${failure.message}. Its folder must be the own one of the user the process runs as.`,
      { cause: error },
    );
  return new RegistryUnavailableError(url, [{ endpoint: url.slice('file:'.length), error: failure }], {
    cause: error,
  });
}
