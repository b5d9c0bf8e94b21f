import { fileURLToPath } from 'node:url';
import { expected } from '../../common/expected.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { file } from './file.js';

const FORM = '`file:`, `file:folder` or `file:///folder`, without options';

/**
 * Returns the source of `file:` (the default folder), `file:/absolute`, `file:relative` or `file:///absolute%20path`.
 *
 * @throws InvalidOptionError when the path is invalid or the URL has options
 */
export function fileFromUrl(url: string): RegistrySource {
  const path = url.slice('file:'.length);
  if (/[?#\0]/.test(path)) throw expected('registry', FORM, url);
  if (path === '') return file();
  if (!path.startsWith('//')) return file(path);
  try {
    return file(fileURLToPath(url));
  } catch {
    throw expected('registry', FORM, url);
  }
}
