import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BundledPackageError } from '../../common/errors/index.js';

/**
 * Finds the file of the worker thread.
 *
 * @throws BundledPackageError when the file is missing, because a bundler did not copy it
 */
export function workerFile(): URL {
  let file: URL;
  try {
    file = new URL('./worker.js', import.meta.url);
  } catch (error) {
    // A CommonJS bundle has no `import.meta.url`.
    throw missing('its path is unknown in a bundle', error);
  }
  if (!existsSync(file)) throw missing(`${fileURLToPath(file)} does not exist`, undefined);
  return file;
}

/** Returns the error for a worker thread that ended before it sent any message. */
export function startFailure(error: Error): Error {
  const code = (error as { readonly code?: unknown }).code;
  // A bundler copied the file without its imports, or Node loads it as CommonJS.
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
