/**
 * `npm run lint`: lints everything, unless nothing has changed since the last clean run. With arguments, such as `--fix`, it
 * passes them to Oxlint.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const clean = join(root, '.cache', 'lint.txt');
const args = process.argv.slice(2);

const key = keyOf();
if (args.length > 0 || key !== lastKey()) {
  const oxlint = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const { status } = spawnSync(process.execPath, [oxlint, ...args], { cwd: root, stdio: 'inherit' });
  if (status === 0 && args.length === 0) {
    mkdirSync(join(root, '.cache'), { recursive: true });
    writeFileSync(clean, key);
  }
  process.exitCode = status ?? 1;
}

/**
 * The rules use types, so a change of any file may change the result of another: the key covers the name and the content of
 * every source and setting, and by the lock file the linter and the types of the packages.
 */
function keyOf() {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const output = execFileSync('git', list, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  const names = [...new Set(output.split('\0'))].filter((name) => /\.([cm]?[jt]s|json)$/.test(name)).sort();
  const hash = createHash('sha256').update(process.version);
  for (const name of names) hash.update(`\0${name}\0`).update(contentOf(name));
  return hash.digest('hex');
}

/** An empty string for a file that git still lists and that is deleted. */
function contentOf(name) {
  try {
    return readFileSync(join(root, name));
  } catch {
    return '';
  }
}

function lastKey() {
  try {
    return readFileSync(clean, 'utf8');
  } catch {
    return undefined;
  }
}
