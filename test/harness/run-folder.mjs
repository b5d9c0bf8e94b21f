import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './is-alive.mjs';

/** Names the process that made the folder, so that a later run can look whether it still exists. */
const PREFIX = 'nestjs-sidekick-run-';
const NAME = new RegExp(`^${PREFIX}(\\d+)-`);

/**
 * Makes the folder of this run of Jest, and removes those of runs that were killed: each may take several hundred megabytes.
 *
 * @param {string} [parent] where the folders of all runs are
 * @returns {Promise<string>} the folder, empty
 */
export async function makeRunFolder(parent = tmpdir()) {
  await removeAbandoned(parent);
  return await mkdtemp(join(parent, `${PREFIX}${process.pid}-`));
}

/** @param {string} folder what {@link makeRunFolder} returned */
export async function removeRunFolder(folder) {
  // A server that was killed just now may still be writing.
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
}

async function removeAbandoned(parent) {
  for (const name of await readdir(parent)) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // The folder of another user stays.
    await removeRunFolder(join(parent, name)).catch(() => undefined);
  }
}
