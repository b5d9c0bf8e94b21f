import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { expected } from '../../common/expected.js';
import { type RegistrySource } from '../../registry/registry-source.js';

/** `<temporary folder>/nestjs-sidekick-<uid>`: one for each user of the machine. */
export function defaultFolder(): string {
  return join(tmpdir(), `nestjs-sidekick-${process.getuid?.() ?? userInfo().username}`);
}

/**
 * A registry in a folder, for the processes of one machine: nothing to install, nothing to start. It is the default.
 *
 * @param folder {@link defaultFolder} unless given; made where missing, with access for its owner alone
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
