import { spawn } from 'node:child_process';

/**
 * Runs a program and resolves with its stdout.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ timeout?: number, cwd?: string, env?: NodeJS.ProcessEnv }} [options] `timeout` in milliseconds, by default 120,000
 * @returns {Promise<string>} rejects with the end of the program's output if it fails or does not end in time
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
      reject(new Error(`Could not run ${command}: ${error.message}`, { cause: error })),
    );
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(out).toString());
      const words = lastLines(Buffer.concat(err).toString() || Buffer.concat(out).toString());
      reject(
        new Error(`${command} ${signal ? `was ended by ${signal}` : `failed with code ${code}`}: ${words}`),
      );
    });
  });
}

/** Returns the last three non-blank lines of a string as one line. */
function lastLines(text) {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.slice(-3).join(' | ') || 'no output';
}
