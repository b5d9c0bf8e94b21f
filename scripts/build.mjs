/**
 * `npm run build`: builds the published library in `dist`. `nest build` is the development build, which needs the
 * dashboard's page of `npm run build:page`.
 */
import { fileURLToPath } from 'node:url';
import { buildLibrary, buildPage } from './prepare/build.mjs';

try {
  const root = fileURLToPath(new URL('..', import.meta.url));
  await (process.argv.includes('--page') ? buildPage(root) : buildLibrary(root));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
