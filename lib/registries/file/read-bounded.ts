import { constants, type BigIntStats } from 'node:fs';
import { open } from 'node:fs/promises';

/** The result of {@link readBounded}: the content, or why it was refused. */
export type BoundedRead =
  | { readonly text: string; readonly stat: BigIntStats }
  | { readonly refused: string; readonly stat: BigIntStats };

/** Do not follow a symbolic link, and do not block on a pipe without a writer. */
const SAFE_OPEN_FLAGS = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads a regular file of at most `limit` bytes as UTF-8. Returns the reason if the file is not such a file.
 *
 * @throws file system errors, for example `ENOENT`
 */
export async function readBounded(path: string, limit: number): Promise<BoundedRead> {
  const handle = await open(path, constants.O_RDONLY | SAFE_OPEN_FLAGS);
  try {
    const stat = await handle.stat({ bigint: true });
    if (!stat.isFile()) return { refused: 'a regular file, got something else', stat };
    if (stat.size > limit) return { refused: `at most ${limit} bytes, got ${stat.size}`, stat };
    const buffer = Buffer.alloc(Number(stat.size));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    const bytes = buffer.subarray(0, bytesRead);
    try {
      return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), stat };
    } catch {
      return { refused: 'UTF-8 text, got other bytes', stat };
    }
  } finally {
    await handle.close();
  }
}
