import { BundledPackageError } from './errors/bundled-package.error.js';
import { MissingPeerError } from './errors/missing-peer.error.js';

const NOT_FOUND = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/**
 * Converts the error of a failed `import()` of an optional peer package. Callers write the `import()` in their own `try`
 * block: bundlers then tolerate that the package is not installed.
 *
 * @param error The error of the import.
 * @param packageName The package to install.
 * @param feature The feature that needs it, as the subject of a sentence: "The etcd registry".
 * @returns a {@link MissingPeerError} when the package is not installed, a {@link BundledPackageError} when a file of the
 * package is missing, otherwise `error`
 */
export function peerFailure(error: unknown, packageName: string, feature: string): unknown {
  const { code, path } = error as { readonly code?: unknown; readonly path?: unknown };
  if (typeof code === 'string' && NOT_FOUND.has(code) && String(error).includes(packageName)) {
    return new MissingPeerError(packageName, feature, error);
  }
  if (code === 'ENOENT') {
    return new BundledPackageError(
      packageName,
      `it reads files from its own folder, and ${String(path)} is not there`,
      error,
    );
  }
  return error;
}
