/**
 * `npm run docs:options`: writes the tables of options into README.md and the pages of docs, from the docstrings of their
 * interfaces. `npm run docs:options:check` fails where a page differs.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { withOptions } from './options/table.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');
const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));

for (const name of ['README.md', ...pages.map((page) => join('docs', page))]) {
  const path = join(root, name);
  const before = readFileSync(path, 'utf8');
  if (!before.includes('<!-- options: ')) continue;
  const after = await format(withOptions(before), { ...(await resolveConfig(path)), filepath: path });
  if (after === before) continue;
  if (check) {
    console.error(`${name}: a table of options is not that of the docstrings. Run \`npm run docs:options\`.`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, after);
    console.log(`${name}: written.`);
  }
}
