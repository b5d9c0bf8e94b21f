import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from './wait.js';

/** Milliseconds for another worker to make what this one waits for. */
const PATIENCE_MS = 600_000;

/** Where the outcome of {@link oncePerRun} is written: empty, or what went wrong. */
const OUTCOME = 'outcome';

/**
 * Makes what several spec files need once in a run of Jest: the first that asks makes it, the others wait for it. The
 * folder is removed at the end of the run.
 *
 * @param make writes it into `folder`, which is empty
 * @returns the folder
 * @throws Error in every spec file that asks, if it cannot be made
 */
export async function oncePerRun(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const run = process.env.SIDEKICK_TEST_RUN;
  if (run === undefined) throw new Error('Expected global-setup.mjs to have made a folder for the run.');
  const place = join(run, name);
  const folder = join(place, 'made');
  const outcome = join(place, OUTCOME);
  if (await claim(place)) {
    await mkdir(folder);
    const problem = await make(folder).then(
      () => '',
      (error: unknown) => String(error),
    );
    // Moved, so that no other worker reads half of it.
    await writeFile(`${outcome}.new`, problem);
    await rename(`${outcome}.new`, outcome);
  }
  await until(`another worker to make "${name}"`, async () => await exists(outcome), {
    deadline: PATIENCE_MS,
    every: 200,
  });
  const problem = await readFile(outcome, 'utf8');
  if (problem !== '') throw new Error(`Could not make "${name}": ${problem}`);
  return folder;
}

/** Whether this call is the first for a folder, which it creates. */
async function claim(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
