import { spawn } from 'node:child_process';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Milliseconds a program has to heed a signal: npm heeds none while it unpacks. The next run starts it over. */
const GRACE = 2_000;

/** A signal ended a phase. */
export class InterruptedError extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`Stopped by ${signal}.`);
    this.signal = signal;
  }
}

/**
 * One phase of a command, as one line: what is being done, then how long it took. What the program itself says is shown
 * only when it fails. A signal is passed on to the program, which is killed if it does not heed it.
 *
 * @param {string} title "Building the library"
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd: string }} options
 * @returns {Promise<void>} rejects when the program fails, with all it said; with an InterruptedError after a signal
 */
export async function step(title, program, args, { cwd }) {
  const started = performance.now();
  process.stdout.write(`${title} … `);
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  child.stdout.on('data', (chunk) => said.push(chunk));
  child.stderr.on('data', (chunk) => said.push(chunk));
  let asked;
  let timer;
  const passOn = (signal) => {
    asked ??= signal;
    child.kill(signal);
    timer ??= setTimeout(() => child.kill('SIGKILL'), GRACE);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  let outcome;
  try {
    outcome = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
      // What a killed program had started may hold its output open.
      child.once('exit', (code, signal) => asked && resolve({ code, signal }));
    });
  } finally {
    clearTimeout(timer);
    for (const signal of SIGNALS) process.off(signal, passOn);
  }
  if (asked) {
    process.stdout.write('stopped\n');
    throw new InterruptedError(asked);
  }
  if (outcome.code !== 0) {
    process.stdout.write('failed\n');
    const how = outcome.signal ? `was ended by ${outcome.signal}` : `failed with code ${outcome.code}`;
    throw new Error(`${Buffer.concat(said).toString().trim()}\n${title}: ${program} ${how}.`);
  }
  process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}
