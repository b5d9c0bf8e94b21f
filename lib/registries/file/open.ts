import { type Registry } from '../../registry/registry.js';
import { type RegistryDeps } from '../../registry/registry-source.js';
import { bootTime } from './boot-time.js';
import { Layout } from './layout.js';
import { FileRegistry, type FileRegistryOptions } from './registry.js';
import { FileStore } from './store.js';

/** Opens the registry in folder `root`. Touches nothing there yet. */
export async function openFileRegistry(
  url: string,
  root: string,
  { clock }: RegistryDeps,
  options?: FileRegistryOptions,
): Promise<Registry> {
  return new FileRegistry(new FileStore(url, new Layout(root), clock, await bootTime(clock)), options);
}
