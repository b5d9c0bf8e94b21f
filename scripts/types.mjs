/**
 * `npm run types`: checks the types of the sources, the tests and the sample as one program, and of the dashboard's page,
 * which runs in a browser, as another. TypeScript 7 does it in a fraction of the time of TypeScript 6, which the linter and
 * the build need for its API and which takes over on platforms for which there is no TypeScript 7.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = (name) => join(root, 'node_modules', name, 'bin', 'tsc');

function run(tsc, args, stdio) {
  return spawnSync(process.execPath, [tsc, ...args], { cwd: root, stdio }).status === 0;
}

const native = compiler('typescript-native');
const tsc = run(native, ['--version'], 'ignore') ? native : compiler('typescript');
const results = ['tsconfig.json', 'lib/dashboard/page'].map((project) =>
  run(tsc, ['--noEmit', '-p', project], 'inherit'),
);
process.exitCode = results.every(Boolean) ? 0 : 1;
