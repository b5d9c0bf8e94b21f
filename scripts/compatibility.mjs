/**
 * `npm run compatibility [GROUP …]`: tries the packed package with the versions of Node, Nest, package managers, bundlers,
 * TypeScript and servers that it names, and writes `docs/compatibility.md`. With groups, runs these and keeps
 * what the page has of the others.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { Application, root } from './compatibility/application.mjs';
import { BUNDLER_PACKAGES, COMPILERS, groups, NotRun } from './compatibility/groups.mjs';
import { page, recorded, verdict } from './compatibility/page.mjs';
import { build } from './prepare/build.mjs';

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !groups.some((group) => group.name === name));
if (unknown.length > 0)
  throw new Error(`Expected ${groups.map(({ name }) => name).join(', ')}, got ${unknown.join(', ')}.`);

const work = await mkdtemp(join(tmpdir(), 'nestjs-sidekick-compatibility-'));
const applications = {};
try {
  await build(root);
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', work];
  const { stdout } = await promisify(execFile)('npm', pack, { cwd: root });
  const [{ filename }] = Object.values(JSON.parse(stdout));
  const tarball = join(work, filename);
  const more = { ...COMPILERS, ...BUNDLER_PACKAGES };
  for (const nest of [11, 12]) applications[nest] = await Application.create(nest, { tarball, more });
  const results = [];
  const path = join(root, 'docs', 'compatibility.md');
  const before = await readFile(path, 'utf8').catch(() => '');
  for (const group of groups) {
    if (asked.length > 0 && !asked.includes(group.name)) {
      results.push({ ...group, rows: recorded(before, group) });
      continue;
    }
    const rows = [];
    for (const { what, beside, run } of group.rows) {
      const error = await run(applications, { tarball }).then(
        () => undefined,
        (reason) => reason,
      );
      const { text, fault } = verdict(error && { message: error.message, notRun: error instanceof NotRun });
      console.log(`${what}, ${beside}: ${text}`);
      if (fault) {
        console.log(error.message);
        process.exitCode = 1;
      }
      rows.push({ what, beside, text });
    }
    results.push({ ...group, rows });
  }
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const options = { ...(await resolveConfig(path)), parser: 'markdown' };
  await writeFile(path, await format(page(results, version), options));
} finally {
  for (const application of Object.values(applications)) await application.remove();
  await rm(work, { recursive: true, force: true });
}
