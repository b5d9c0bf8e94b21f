import { MissingPeerError } from './errors/missing-peer.error.js';

const NOT_FOUND = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/**
 * Loads a package that only some applications have installed.
 *
 * @param packageName what to install when it is missing
 * @param feature who needs it, as the subject of the error's sentence: "The etcd registry"
 * @param load the dynamic import itself, so that bundlers see it
 * @throws MissingPeerError when the package is not installed
 */
export async function optionalPeer<T>(
  packageName: string,
  feature: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code === 'string' && NOT_FOUND.has(code) && String(error).includes(packageName)) {
      throw new MissingPeerError(packageName, feature, error);
    }
    throw error;
  }
}
