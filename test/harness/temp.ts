import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new, empty folder: in that of the run of Jest if there is one, so that it goes with it even if the run is killed. */
export async function tempFolder(purpose: string): Promise<string> {
  return await mkdtemp(join(process.env.SIDEKICK_TEST_RUN ?? tmpdir(), `nestjs-sidekick-${purpose}-`));
}

/** Removes a folder with all it holds. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
}
