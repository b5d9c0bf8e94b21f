import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BundledPackageError } from '../../common/errors/index.js';

/**
 * Finds the file of the worker thread.
 *
 * @throws BundledPackageError where it is not there, since a bundler has taken the library without it
 */
export function workerFile(): URL {
  let file: URL;
  try {
    file = new URL('./worker.js', import.meta.url);
  } catch (error) {
    // A bundle of CommonJS has no `import.meta.url`.
    throw missing('its place is not known in a bundle', error);
  }
  if (!existsSync(file)) throw missing(`${fileURLToPath(file)} is not there`, undefined);
  return file;
}

/** Explains why a worker thread has ended before it reported anything. */
export function startFailure(error: Error): Error {
  const code = (error as { readonly code?: unknown }).code;
  // What a bundler copies without what it imports, or where it is taken for CommonJS.
  const copied = code === 'ERR_MODULE_NOT_FOUND' || error instanceof SyntaxError;
  return copied ? missing(`it failed to load: ${error.message}`, error) : error;
}

function missing(what: string, cause: unknown): BundledPackageError {
  return new BundledPackageError(
    'nestjs-sidekick',
    `the worker thread of \`isolate\` is a file of its own, and ${what}`,
    cause,
  );
}
