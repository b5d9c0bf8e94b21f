/**
 * Nest and Express as few files for the specs: Jest resolves, links and runs every file of a package again for every spec file,
 * and these packages have 700 of them.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CACHE = join(ROOT, '.cache', 'packages');
const BUNDLE = fileURLToPath(new URL('bundle.mjs', import.meta.url));

/** Everything that the specs, the library and other packages import of Nest. A name that is missing here fails to resolve. */
export const ENTRIES = [
  '@nestjs/common',
  '@nestjs/common/internal',
  '@nestjs/common/pipes/validation.pipe.js',
  '@nestjs/common/utils/extend-metadata.util.js',
  '@nestjs/core',
  '@nestjs/core/injector/injector.js',
  '@nestjs/core/internal',
  '@nestjs/microservices',
  '@nestjs/microservices/microservices-module.js',
  '@nestjs/platform-express',
  '@nestjs/testing',
  '@nestjs/websockets',
  '@nestjs/websockets/internal',
  '@nestjs/websockets/socket-module.js',
];
const BUNDLED = 'common|core|microservices|platform-express|testing|websockets';

/** Besides Nest, dependencies of it that no spec imports. Others stay outside: a spec and Nest have to share one rxjs. */
export const INSIDE = new RegExp(
  `^(@nestjs/(${BUNDLED})|cors|express|fast-safe-stringify|iterare|multer|path-to-regexp|tslib|uid)(/|$)`,
);

/**
 * Returns the `moduleNameMapper` of Jest that leads to the bundle of the installed versions, which is written to `.cache`
 * once. Another process writes it, since Rolldown changes `process.emit` of the process that loads it.
 */
export function bundledPackages() {
  const folder = join(CACHE, key());
  if (!existsSync(folder)) write(folder);
  return { [`^@nestjs/(${BUNDLED})(/(?!package\\.json).+?)?(\\.js)?$`]: `${folder}/@nestjs/$1$2.cjs` };
}

function key() {
  const hash = createHash('sha256');
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  for (const file of [installed, BUNDLE, fileURLToPath(import.meta.url)]) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

function write(folder) {
  mkdirSync(CACHE, { recursive: true });
  // Another run of Jest may write the same folder at the same time.
  const fresh = mkdtempSync(join(CACHE, 'new-'));
  try {
    const { status, stderr } = spawnSync(process.execPath, [BUNDLE, fresh], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`The packages for the specs could not be bundled.\n${stderr}`);
    renameSync(fresh, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
