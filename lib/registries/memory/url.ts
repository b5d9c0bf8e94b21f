import { expected } from '../../common/expected.js';
import { isName } from '../../common/names.js';
import { memorySource, type MemorySource } from './memory.js';
import { MemoryStore } from './memory-store.js';

/** The stores that URLs name. They live as long as the process. */
const stores = new Map<string, MemoryStore>();

/**
 * Returns the source of `memory:` (the default registry of the process) or `memory:name` (a named one).
 *
 * @throws InvalidOptionError when the name is invalid or the URL has options
 */
export function memoryFromUrl(url: string): MemorySource {
  const name = url.slice('memory:'.length);
  if (name !== '' && (!isName(name) || /[?#]/.test(name)))
    throw expected('registry', '`memory:` or `memory:name`, without options', url);
  let store = stores.get(name);
  if (!store) stores.set(name, (store = new MemoryStore()));
  return memorySource(`memory:${name}`, store);
}
