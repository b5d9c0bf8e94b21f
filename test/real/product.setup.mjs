import { fileURLToPath } from 'node:url';
import { build } from '../../scripts/prepare/build.mjs';
import servers from '../harness/global-setup.mjs';

/** Builds the library and the sample once, before several specs at a time want them. */
export default async function setup() {
  await servers();
  await build(fileURLToPath(new URL('../..', import.meta.url)));
}
