import { expected } from '../../common/expected.js';
import { isName } from '../../common/names.js';
import { memorySource, type MemorySource } from './memory.js';
import { MemoryStore } from './memory-store.js';

/** The stores that URLs name, for as long as the process runs. */
const stores = new Map<string, MemoryStore>();

/**
 * The source behind `memory:` (the default store of the process) or `memory:name` (another one).
 *
 * @throws InvalidOptionError when the name is not one, or options follow it
 */
export function memoryFromUrl(url: string): MemorySource {
  const name = url.slice('memory:'.length);
  if (name !== '' && (!isName(name) || /[?#]/.test(name)))
    throw expected('registry', '`memory:` or `memory:name`, without options', url);
  let store = stores.get(name);
  if (!store) stores.set(name, (store = new MemoryStore()));
  return memorySource(`memory:${name}`, store);
}
