/**
 * Finds words that have a standard name in this project's prose (CONTRIBUTING.md, "Style"): in comments, strings, file
 * names and pages. Part of `npm run check`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findWords } from './words/find.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const names = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
});
let count = 0;
for (const name of names.split('\n')) {
  if (!/^(lib|docs|sample|scripts|test|README|SECURITY|CONTRIBUTING|\.github)/.test(name)) continue;
  if (!/\.(ts|mjs|md|yml)$/.test(name) || /^(scripts\/words|test\/fuzz\/corpus|test\/unit\/words)/.test(name))
    continue;
  const path = join(root, name);
  if (!existsSync(path)) continue;
  for (const { line, word, instead } of findWords(readFileSync(path, 'utf8'))) {
    count += 1;
    console.log(`${name}:${line}: "${word}": write ${instead}`);
  }
}
if (count > 0) process.exitCode = 1;
console.log(count === 0 ? 'No word of the list was found.' : `${count} words have a standard name.`);
