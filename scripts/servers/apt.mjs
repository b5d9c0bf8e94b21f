import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.mjs';

const HELPER = '/usr/lib/apt/apt-helper';

/** Disables apt's switch to another user as root: that user cannot access a private folder. */
const SANDBOX = ['-o', 'APT::Sandbox::User='];

/** Returns whether this system has apt and dpkg, with the helper that downloads single files. */
export async function aptIsThere() {
  try {
    await access(HELPER);
    await run('dpkg', ['--version']);
    await run('apt-get', ['--version']);
    return true;
  } catch {
    return false;
  }
}

/** Returns Debian's name of the architecture: amd64, arm64. */
export async function architecture() {
  return (await run('dpkg', ['--print-architecture'])).trim();
}

/**
 * Returns the package archives that apt is configured for, those that look like Debian's first. Works with empty package
 * lists and without root.
 */
export async function archives() {
  const printed = await run('apt-get', ['update', '--print-uris']);
  const found = [...printed.matchAll(/'(\S+?)\/+dists\/[a-z]+\/InRelease'/g)].map(([, uri]) => uri);
  if (found.length === 0)
    throw new Error('apt has no package archive configured (apt-get update --print-uris names none)');
  const debian = (uri) => (/\/debian$/.test(uri) ? 0 : 1);
  return [...new Set(found)].sort((a, b) => debian(a) - debian(b));
}

/** Downloads one file of the archive and checks its hash. Reads no package index. */
export async function downloadPinned(archive, { path, sha256 }, folder) {
  const file = join(folder, 'pinned.deb');
  await run(HELPER, [...SANDBOX, 'download-file', `${archive}/${path}`, file, `SHA256:${sha256}`]);
  return file;
}

/** Downloads the current version of a package in a suite, through a package index separate from the system's. */
export async function downloadIndexed(archive, suite, name, folder) {
  const state = join(folder, 'apt');
  for (const part of ['lists/partial', 'cache/archives/partial', 'sources.d', 'deb'])
    await mkdir(join(state, part), { recursive: true });
  const sources = join(state, 'sources.list');
  await writeFile(sources, `deb ${archive} ${suite} main\n`);
  const options = [
    ...SANDBOX,
    ...['-o', `Dir::State::Lists=${join(state, 'lists')}`],
    ...['-o', `Dir::State::Status=/dev/null`],
    ...['-o', `Dir::Cache=${join(state, 'cache')}`],
    ...['-o', `Dir::Etc::SourceList=${sources}`],
    ...['-o', `Dir::Etc::SourceParts=${join(state, 'sources.d')}`],
    ...['-o', 'Acquire::Languages=none'],
  ];
  await run('apt-get', [...options, 'update'], { timeout: 180_000 });
  const into = join(state, 'deb');
  await run('apt-get', [...options, 'download', name], { cwd: into, timeout: 180_000 });
  const [file] = (await readdir(into)).filter((entry) => entry.endsWith('.deb'));
  if (!file) throw new Error(`apt-get download ${name} wrote no package`);
  return join(into, file);
}

/** Unpacks a package into a folder without installing it. */
export async function unpack(file, folder) {
  await mkdir(folder, { recursive: true });
  await run('dpkg', ['-x', file, folder]);
}
