import { randomBytes } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type Clock } from '../common/clock.js';
import { pause } from '../common/async/deadline.js';

/** Milliseconds after which a lock is one whose holder was killed: writing takes a small part of it. */
const ABANDONED_MS = 10_000;
/** Milliseconds that a writer waits for another. A snapshot is worth no longer wait at shutdown. */
const PATIENCE_MS = 1_000;
const RETRY_MS = 20;

/**
 * Runs `work` while no other process writes the file at `path`. After a second it runs all the same: then a list that
 * the other process writes at this moment may be missing until that process writes again.
 */
export async function withSnapshotLock(path: string, clock: Clock, work: () => Promise<void>): Promise<void> {
  const lock = `${path}.lock`;
  const token = randomBytes(12).toString('hex');
  const giveUpAt = clock.now() + PATIENCE_MS;
  while (!(await create(lock, token)) && clock.now() < giveUpAt) {
    if (await isAbandoned(lock, clock)) await rm(lock, { force: true });
    else await pause(clock, RETRY_MS);
  }
  try {
    await work();
  } finally {
    const holder = await readFile(lock, 'utf8').catch(() => undefined);
    if (holder === token) await rm(lock, { force: true });
  }
}

async function create(lock: string, token: string): Promise<boolean> {
  try {
    await writeFile(lock, token, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isAbandoned(lock: string, clock: Clock): Promise<boolean> {
  try {
    return clock.wall() - (await stat(lock)).mtimeMs > ABANDONED_MS;
  } catch {
    return false;
  }
}
