import { BundledPackageError } from './errors/bundled-package.error.js';
import { MissingPeerError } from './errors/missing-peer.error.js';

const NOT_FOUND = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/**
 * Explains why a package that only some applications have installed could not be loaded. The `import()` itself is
 * written inside a `try` at the caller: bundlers then leave it alone where the package is not installed.
 *
 * @param error what the import failed with
 * @param packageName what to install when it is missing
 * @param feature what needs it, as the subject of the error's sentence: "The etcd registry"
 * @returns a {@link MissingPeerError} when the package is not installed, a {@link BundledPackageError} when it misses a
 * file of its own, otherwise `error`
 */
export function peerFailure(error: unknown, packageName: string, feature: string): unknown {
  const { code, path } = error as { readonly code?: unknown; readonly path?: unknown };
  if (typeof code === 'string' && NOT_FOUND.has(code) && String(error).includes(packageName)) {
    return new MissingPeerError(packageName, feature, error);
  }
  if (code === 'ENOENT') {
    return new BundledPackageError(
      packageName,
      `it reads files beside itself, and ${String(path)} is not there`,
      error,
    );
  }
  return error;
}
