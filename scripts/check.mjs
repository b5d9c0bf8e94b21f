/** `npm run check`: every check except the tests, two at a time, so that two processors are busy to the end. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { npm } from './dependencies.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The longest first. Those that read `dist` follow the build that writes it. */
const checks = [
  ['lint'],
  ['format'],
  ['build', 'api:check', 'pack:check'],
  ['docs:api:check'],
  ['types'],
  ['knip'],
  ['docs:options:check'],
  ['words'],
];

/** Runs one script of package.json, and prints its output if it fails. */
async function run(name) {
  const began = performance.now();
  const [command, ...args] = npm();
  const child = spawn(command, [...args, 'run', '--silent', name], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const code = await new Promise((resolve) => child.on('close', (exit) => resolve(exit ?? 1)));
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok' : 'FAILED'}  ${name}  ${seconds} s`);
  if (code !== 0) console.log(output);
  return code === 0;
}

/** Runs scripts one after the other, also after a failure, so that all failures are shown. */
async function runInOrder(...names) {
  let good = true;
  for (const name of names) good = (await run(name)) && good;
  return good;
}

/** Takes the next checks until none is left. */
async function work() {
  let good = true;
  for (let next = checks.shift(); next; next = checks.shift()) good = (await runInOrder(...next)) && good;
  return good;
}

const results = await Promise.all([work(), work()]);
process.exitCode = results.every(Boolean) ? 0 : 1;
