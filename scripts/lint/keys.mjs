import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Files that change the result of every file: rules, compiler options, the versions and types of the packages. */
const SETTINGS = [
  'eslint.config.js',
  'package-lock.json',
  'tsconfig.json',
  'sample/tsconfig.json',
  'lib/dashboard/page/tsconfig.json',
];

const IMPORT = /(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;

/** An import of the package by its name, which `paths` in tsconfig.json maps to the sources. */
const OWN_IMPORT = /['"]nestjs-sidekick(?:\/([\w/-]+))?['"]/g;

/** A file with a declaration that has an effect in files that do not import it. */
const AMBIENT = /^declare (?:global|module)\b/m;

const hash = (...parts) => createHash('sha256').update(parts.join('\0')).digest('hex');

/**
 * Returns the key of each file to lint, by its path: two runs with equal keys have equal results. The rules use types, so
 * the key covers the file, every file that it imports directly or indirectly, and the settings.
 *
 * @param {string} root the repository
 * @returns {Promise<Map<string, string>>}
 */
export async function keysOf(root) {
  const files = sourcesOf(root);
  const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
  const settings = SETTINGS.map((file) => readFileSync(join(root, file), 'utf8'));
  const ambient = [...texts.values()].filter((text) => AMBIENT.test(text));
  const salt = hash(process.version, ...settings, ...ambient);
  const hashes = new Map([...texts].map(([file, text]) => [file, hash(text)]));
  const imports = new Map([...texts].map(([file, text]) => [file, importsOf(root, file, text, texts)]));
  return new Map(
    files.map((file) => [file, hash(salt, ...reached(file, imports).map((each) => hashes.get(each)))]),
  );
}

/** The files that git tracks or would add, without those that are deleted. */
function sourcesOf(root) {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const names = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 }).split('\0');
  return [...new Set(names)]
    .filter((name) => /\.(ts|mts|cts|js|mjs|cjs)$/.test(name))
    .map((name) => join(root, name))
    .filter((file) => existsSync(file))
    .sort();
}

function importsOf(root, file, text, texts) {
  const paths = [...text.matchAll(IMPORT)].map(([, specifier]) => resolve(dirname(file), specifier));
  for (const [, subpath = ''] of text.matchAll(OWN_IMPORT)) {
    paths.push(...['lib', 'lib/registries'].map((folder) => join(root, folder, subpath, 'index.ts')));
  }
  return paths
    .flatMap((path) => [
      path,
      path.replace(/\.js$/, '.ts'),
      path.replace(/\.mjs$/, '.d.mts'),
      path.replace(/\.cjs$/, '.d.cts'),
    ])
    .filter((path) => texts.has(path));
}

/** A file and everything that it imports, in a fixed order. */
function reached(file, imports) {
  const found = new Set([file]);
  for (const each of found) for (const next of imports.get(each) ?? []) found.add(next);
  return [...found].sort();
}
