import { hostname } from 'node:os';
import { type RegistrationEvent } from '../registration/registration-status.js';
import { LocalRegistrar } from '../registration/local-registrar.js';
import { clockTicker } from '../registration/ticker.js';
import { systemClock } from '../common/clock.js';
import { expected } from '../common/expected.js';
import { type Logger, silentLogger } from '../common/logger.js';
import { type KeyRecord } from '../registry/entry-record.js';
import { registryPool } from '../registry/registry-pool.js';
import { registrySource } from '../registries/registry-url.js';
import { SIDEKICK_DEFAULTS } from '../sidekick/sidekick.defaults.js';
import { type HeartbeatOptions } from '../sidekick/sidekick.options.js';
import { checkHeartbeatOptions, checkKey, checkValue } from '../sidekick/sidekick.validation.js';
import { type Arguments } from './arguments.js';
import { runChild } from './child-command.js';
import { completeUrl } from './registry-url.js';
import { runCommand } from './run-command.js';
import { SIDEKICKER_SYNTAX } from './sidekicker-syntax.js';
import { EXIT, interruption, type Terminal } from './terminal.js';
import { ValueLines } from './value-lines.js';
import { packageVersion } from './version.js';

/** The parsed command line. */
interface Settings extends HeartbeatOptions {
  readonly key: string;
  readonly value: string;
  /** Whether the values are lines of standard input. */
  readonly fromInput: boolean;
  /** Whether the last value stays registered after the end of standard input. */
  readonly hold: boolean;
  /** The command that runs while the key is registered. */
  readonly command: readonly string[] | undefined;
  readonly servers: string | undefined;
  readonly verbose: boolean;
}

function settingsOf(args: Arguments, { env }: Terminal): Settings {
  const key = args.text('key');
  if (key === undefined || key === '') throw expected('key', 'given', key);
  const { command } = args;
  if (command?.length === 0) throw expected('COMMAND', 'given after `--`', undefined);
  const val = args.text('val') ?? '';
  const fromInput = val === '-';
  if (fromInput && command)
    throw expected('val', 'a value with a command, which reads standard input itself', val);
  const hold = args.has('hold');
  if (hold && !fromInput) throw expected('hold', 'given only together with `-val -`', val);
  const value = fromInput ? '' : val;
  const ttl = args.seconds('ttl');
  const updateInterval = args.seconds('update');
  const options: HeartbeatOptions = {
    exclusive: args.has('exclusive'),
    ...(ttl === undefined ? {} : { ttl }),
    ...(updateInterval === undefined ? {} : { updateInterval }),
  };
  checkKey(key, value);
  checkHeartbeatOptions(options, 'sidekicker');
  const servers = completeUrl(args.text('servers'), args, env);
  return { ...options, key, value, fromInput, hold, command, servers, verbose: args.has('verbose') };
}

function eventLine({ type, key, reason }: RegistrationEvent): string {
  return reason === undefined ? `${type} ${key}` : `${type} ${key} (${reason})`;
}

async function runUntilDone(given: Settings, terminal: Terminal): Promise<number> {
  if (!given.fromInput) return await register(given, terminal, undefined);
  const check = (line: string): void => {
    checkValue(given.key, line);
  };
  const lines = new ValueLines(terminal.stdin, check, ({ message }) => {
    terminal.err(`sidekicker: Skipped a line of standard input; the last value stays registered: ${message}`);
  });
  try {
    return await register(given, terminal, lines);
  } finally {
    lines.close();
  }
}

async function register(given: Settings, terminal: Terminal, lines: ValueLines | undefined): Promise<number> {
  const { key, value, verbose, command } = given;
  const logger: Logger = verbose
    ? { ...silentLogger, warn: terminal.err, error: terminal.err }
    : silentLogger;
  const deps = { clock: systemClock, random: Math.random, logger };
  const pooled = await registryPool.acquire(registrySource(given.servers, terminal.env), deps);
  const { registry } = pooled;
  const name = `${hostname()}:${process.pid}`;
  const registrar = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(systemClock), name });
  if (verbose) registrar.onEvent((event) => terminal.err(eventLine(event)));
  const interrupted = interruption(terminal.interrupted);
  const produce = (): KeyRecord => ({ kind: 'key', key, value: lines ? lines.newest : value });
  try {
    const registration = await registrar.register(key, produce, {
      ttl: given.ttl ?? SIDEKICK_DEFAULTS.ttl,
      updateInterval: given.updateInterval ?? SIDEKICK_DEFAULTS.updateInterval,
      exclusive: given.exclusive ?? SIDEKICK_DEFAULTS.exclusive,
    });
    lines?.follow(() => registration.update(produce));
    await Promise.race([registration.first, interrupted]);
    if (command) return await runWhileRegistered(command, terminal);
    if (lines) await Promise.race([endOf(lines, verbose ? terminal.err : undefined), interrupted]);
    if (!lines || given.hold) await interrupted;
    return EXIT.ok;
  } finally {
    await registrar.close();
    await pooled.release();
  }
}

async function runWhileRegistered(command: readonly string[], terminal: Terminal): Promise<number> {
  if (!terminal.interrupted.aborted) return await runChild(command, terminal);
  terminal.err('sidekicker: Interrupted before the key was registered; the command was not started.');
  return EXIT.failed;
}

/** Resolves when the input has ended and its last line is written. */
async function endOf(lines: ValueLines, print: ((line: string) => void) | undefined): Promise<void> {
  await lines.ended;
  print?.('standard input has ended');
  await lines.written();
}

/**
 * Registers one key until interrupted, until standard input ends (`-val -`), or while a command runs, and then deregisters
 * it. The counterpart of the command-line utility of Go `sidekick`.
 *
 * @returns the exit code: that of the command, 1 when the first write fails or standard input cannot be read, 2 for an
 * invalid command line
 */
export async function sidekicker(args: readonly string[], terminal: Terminal): Promise<number> {
  return await runCommand(
    {
      syntax: SIDEKICKER_SYNTAX,
      run: async (given) => {
        if (!given.has('version')) return await runUntilDone(settingsOf(given, terminal), terminal);
        terminal.out(packageVersion());
        return EXIT.ok;
      },
    },
    args,
    terminal,
  );
}
