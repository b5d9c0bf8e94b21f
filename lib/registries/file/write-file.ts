import { randomBytes } from 'node:crypto';
import { link, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from './fs-error.js';
import { type Layout } from './layout.js';
import { ensureRoot, makeFolder, PRIVATE_FILE_MODE } from './root.js';

/** A write is repeated if another process removes the folders during the attempt. */
const MAX_ATTEMPTS = 10;

/** Writes a file atomically. Replaces an existing one. */
export async function replaceFile(layout: Layout, path: string, text: string): Promise<void> {
  await publish(layout, path, text, rename);
}

/**
 * Writes a file atomically, unless it exists.
 *
 * @returns whether this call created the file; of concurrent calls, exactly one does
 */
export async function createFile(layout: Layout, path: string, text: string): Promise<boolean> {
  try {
    await publish(layout, path, text, link);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a file. Does nothing if it does not exist. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

async function publish(
  layout: Layout,
  path: string,
  text: string,
  place: (from: string, to: string) => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const temporary = join(layout.temporary, randomBytes(12).toString('hex'));
    try {
      await writeFile(temporary, text, { flag: 'wx', mode: PRIVATE_FILE_MODE });
      await place(temporary, path);
      return;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || attempt === MAX_ATTEMPTS) throw error;
      await ensureRoot(layout);
      await makeFolder(dirname(path));
    } finally {
      await removeFile(temporary);
    }
  }
}
