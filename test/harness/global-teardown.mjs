import { rm } from 'node:fs/promises';

/** Removes what spec files made for each other in this run. */
export default async function teardown() {
  const run = process.env.SIDEKICK_TEST_RUN;
  if (run) await rm(run, { recursive: true, force: true, maxRetries: 3 });
}
