/**
 * `npm run release -- patch|minor|major|X.Y.Z [--dry-run]`: moves the unreleased section of the changelog under the new
 * version, sets the version, runs every check and test, commits, tags, pushes and publishes with provenance. A dry run
 * prints the steps and changes nothing.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nextVersion, refusal, releaseChangelog, releaseCommands } from './release/plan.mjs';

// npm runs scripts in the folder of package.json.
const root = process.cwd();
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const readJson = (name) => JSON.parse(readFileSync(join(root, name), 'utf8'));
const writeJson = (name, value) => writeFileSync(join(root, name), `${JSON.stringify(value, null, 2)}\n`);

function release() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean', default: false } },
  });
  const manifest = readJson('package.json');
  const version = nextVersion(manifest.version, positionals[0]);
  const changelog = releaseChangelog(
    readFileSync(join(root, 'CHANGELOG.md'), 'utf8'),
    version,
    new Date().toISOString().slice(0, 10),
  );
  const reason = refusal({
    manifest,
    branch: git('branch', '--show-current'),
    status: git('status', '--porcelain'),
    tags: git('tag').split('\n'),
    version,
  });
  const commands = releaseCommands(version);
  if (values['dry-run']) {
    console.log(`Release ${manifest.version} -> ${version}:`);
    console.log(`  write package.json, package-lock.json, CHANGELOG.md`);
    for (const command of commands) console.log(`  ${command.join(' ')}`);
  }
  if (reason !== undefined) throw new Error(reason);
  if (values['dry-run']) return;
  const lock = readJson('package-lock.json');
  lock.version = version;
  lock.packages[''].version = version;
  writeJson('package.json', { ...manifest, version });
  writeJson('package-lock.json', lock);
  writeFileSync(join(root, 'CHANGELOG.md'), changelog);
  for (const [command, ...args] of commands) {
    console.log(`\n$ ${[command, ...args].join(' ')}`);
    const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
    if (status !== 0) {
      throw new Error(
        `"${[command, ...args].join(' ')}" failed. Fix the cause, run "git restore ." if nothing is committed yet, and start over; ` +
          'after the commit, run the remaining commands by hand.',
      );
    }
  }
}

try {
  release();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
