import { randomBytes } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type Clock } from '../common/clock.js';
import { pause } from '../common/async/deadline.js';

/** Age after which a lock belongs to a process that was killed. Writing a snapshot takes a small part of it. */
const ABANDONED_MS = 10_000;
/** Time that a writer waits for the lock. A shutdown must not wait longer for a snapshot. */
const LOCK_TIMEOUT_MS = 1_000;
const RETRY_MS = 20;

/**
 * Runs `task` while no other process writes the file at `path`. It runs without the lock when the lock is not free
 * within a second. In that case a list that the other process writes at the same moment may be missing until that
 * process writes again.
 *
 * @throws the error of `task`
 */
export async function withSnapshotLock(path: string, clock: Clock, task: () => Promise<void>): Promise<void> {
  const lock = `${path}.lock`;
  const token = randomBytes(12).toString('hex');
  const deadline = clock.now() + LOCK_TIMEOUT_MS;
  while (!(await create(lock, token)) && clock.now() < deadline) {
    if (await isAbandoned(lock, clock)) await rm(lock, { force: true });
    else await pause(clock, RETRY_MS);
  }
  try {
    await task();
  } finally {
    const owner = await readFile(lock, 'utf8').catch(() => undefined);
    if (owner === token) await rm(lock, { force: true });
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
