import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shell } from '../../../scripts/compatibility/shell.mjs';
import { build } from '../../../scripts/prepare/build.mjs';
import { oncePerRun } from '../../harness/once-per-run.js';

/** The repository. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The file beside the tarball that names its files. */
const LISTING = 'files.json';

/** The files that `npm publish` would send. */
export interface Tarball {
  readonly path: string;
  /** The paths of its files, without the leading `package/`. */
  readonly files: readonly string[];
}

/** Returns the package, which is built and packed once in a run of Jest. */
export async function packed(): Promise<Tarball> {
  const folder = await oncePerRun('tarball', async (place) => {
    await writeFile(join(place, LISTING), JSON.stringify(await pack(place)));
  });
  return JSON.parse(await readFile(join(folder, LISTING), 'utf8')) as Tarball;
}

/** Builds what is not up to date and packs it into `folder`. */
async function pack(folder: string): Promise<Tarball> {
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
