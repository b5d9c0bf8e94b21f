import { spawn } from 'node:child_process';

/**
 * Runs a program to its end and resolves with what it wrote to stdout.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ timeout?: number, cwd?: string, env?: NodeJS.ProcessEnv }} [options] `timeout` in ms, 120,000 by default
 * @returns {Promise<string>} rejects with the program's last words when it fails or does not end in time
 */
export async function run(command, args, { timeout = 120_000, cwd, env } = {}) {
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
      killSignal: 'SIGKILL',
      cwd,
      env,
    });
    const out = [];
    const err = [];
    child.stdout.on('data', (chunk) => out.push(chunk));
    child.stderr.on('data', (chunk) => err.push(chunk));
    child.on('error', (error) =>
      reject(new Error(`${command} could not be run: ${error.message}`, { cause: error })),
    );
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(out).toString());
      const words = lastWords(Buffer.concat(err).toString() || Buffer.concat(out).toString());
      reject(
        new Error(`${command} ${signal ? `was ended by ${signal}` : `failed with code ${code}`}: ${words}`),
      );
    });
  });
}

/** The last few lines of a text that say something, on one line. */
function lastWords(text) {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.slice(-3).join(' | ') || 'it said nothing';
}
