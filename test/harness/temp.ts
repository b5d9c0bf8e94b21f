import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new, empty folder. */
export async function tempFolder(purpose: string): Promise<string> {
  return await mkdtemp(join(tmpdir(), `nestjs-sidekick-${purpose}-`));
}

/** Removes a folder with all it holds. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
