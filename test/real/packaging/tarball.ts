import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../../../scripts/prepare/build.mjs';
import { shell } from './shell.js';

/** The repository. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The files that `npm publish` would send. */
export interface Tarball {
  readonly path: string;
  /** The paths of its files, without the leading `package/`. */
  readonly files: readonly string[];
}

/** Builds what is not up to date and packs it into `folder`. */
export async function pack(folder: string): Promise<Tarball> {
  await build(root);
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [packed] = Object.values(
    JSON.parse(await shell('npm', args, { cwd: root })) as Record<
      string,
      { filename: string; files: { path: string }[] }
    >,
  );
  return { path: join(folder, packed!.filename), files: packed!.files.map(({ path }) => path).sort() };
}
