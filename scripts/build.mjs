/** `npm run build`: builds the published library in `dist`. `nest build` is the development build. */
import { fileURLToPath } from 'node:url';
import { buildLibrary } from './prepare/build.mjs';

try {
  await buildLibrary(fileURLToPath(new URL('..', import.meta.url)));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
