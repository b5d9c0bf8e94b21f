import { spawn } from 'node:child_process';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Time for a program to end on a signal. npm ignores signals while it unpacks; the next run starts it again. */
const GRACE_MS = 2_000;

/** A signal interrupted a step. */
export class InterruptedError extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`Stopped by ${signal}.`);
    this.signal = signal;
  }
}

/**
 * Runs a program as one step and prints one line: the title, then the duration. Prints the program's output only if it
 * fails. Forwards signals to the program, and kills it if it does not end in time.
 *
 * @param {string} title "Building the library"
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd: string }} options
 * @returns {Promise<void>} rejects with the program's output if it fails, and with an InterruptedError after a signal
 */
export async function step(title, program, args, { cwd }) {
  const started = performance.now();
  process.stdout.write(`${title} … `);
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  /** The signal that interrupted the step. */
  let interruption;
  let timer;
  const forward = (signal) => {
    interruption ??= signal;
    child.kill(signal);
    timer ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  let outcome;
  try {
    outcome = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
      // A child of the killed program may keep the output open.
      child.once('exit', (code, signal) => interruption && resolve({ code, signal }));
    });
  } finally {
    clearTimeout(timer);
    for (const signal of SIGNALS) process.off(signal, forward);
  }
  if (interruption) {
    process.stdout.write('stopped\n');
    throw new InterruptedError(interruption);
  }
  if (outcome.code !== 0) {
    process.stdout.write('failed\n');
    const how = outcome.signal ? `was ended by ${outcome.signal}` : `failed with code ${outcome.code}`;
    throw new Error(`${Buffer.concat(output).toString().trim()}\n${title}: ${program} ${how}.`);
  }
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}
