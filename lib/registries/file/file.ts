import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { expected } from '../../common/expected.js';
import { type RegistrySource } from '../../registry/registry-source.js';

/** Returns `<temporary folder>/nestjs-sidekick-<uid>`, which is different for each user of the machine. */
export function defaultFolder(): string {
  return join(tmpdir(), `nestjs-sidekick-${process.getuid?.() ?? userInfo().username}`);
}

/**
 * Makes a registry in a folder, for the processes of one machine. It needs no server and is the default registry.
 *
 * @param folder defaults to a folder of this user in the temporary folder. It is created if missing, with access for its
 * owner only.
 * @throws InvalidOptionError when `folder` is not a path
 */
export function file(folder: string = defaultFolder()): RegistrySource {
  if (typeof folder !== 'string' || folder.trim() === '' || folder.includes('\0'))
    throw expected('file', 'the path of a folder', folder);
  const root = resolve(folder);
  const url = `file:${root}`;
  return {
    identity: url,
    url,
    open: async (deps) => await (await import('./file-registry.js')).openFileRegistry(url, root, deps),
  };
}
