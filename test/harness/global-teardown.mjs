import { removeRunFolder } from './run-folder.mjs';

/** Removes what spec files made for themselves and for each other in this run. */
export default async function teardown() {
  const run = process.env.SIDEKICK_TEST_RUN;
  if (run) await removeRunFolder(run);
}
