/**
 * `npm run audit`: checks the runtime dependencies for advisories and fails on high and critical ones. A package registry
 * that offers no advisories is reported and does not fail the run.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { verdict } from './audit/verdict.mjs';
import { npm } from './dependencies.mjs';

const [command, ...args] = npm();
const { stdout, error } = spawnSync(command, [...args, 'audit', '--omit=dev', '--json'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  encoding: 'utf8',
  timeout: 60_000,
  shell: process.platform === 'win32' && command === 'npm',
});
const { ok, text } = verdict(stdout ?? '', error);
console.log(text);
if (!ok) process.exitCode = 1;
