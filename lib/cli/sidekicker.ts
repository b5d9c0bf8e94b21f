import { hostname } from 'node:os';
import { type RegistrationEvent } from '../registration/registration-status.js';
import { LocalRegistrar } from '../registration/local-registrar.js';
import { clockTicker } from '../registration/ticker.js';
import { systemClock } from '../common/clock.js';
import { SidekickError } from '../common/errors/index.js';
import { expected } from '../common/expected.js';
import { type Logger, silentLogger } from '../common/logger.js';
import { type KeyRecord } from '../registry/entry-record.js';
import { registryPool } from '../registry/registry-pool.js';
import { registrySource } from '../registries/registry-url.js';
import { SIDEKICK_DEFAULTS } from '../sidekick/sidekick.defaults.js';
import { type HeartbeatOptions } from '../sidekick/sidekick.options.js';
import { checkHeartbeatOptions, checkKey, checkValue } from '../sidekick/sidekick.validation.js';
import { readArguments } from './arguments.js';
import { EXIT, interruption, type Terminal } from './terminal.js';
import { ValueLines } from './value-lines.js';

const USAGE = `Usage: sidekicker -key KEY [-val VALUE] [-servers URL] [-ttl SECONDS] [-update SECONDS]

Registers a key in a registry and keeps it alive until interrupted, then deregisters it.

  -key KEY          the key (required)
  -val VALUE        its value; empty by default. "-": each line of standard input is the next value, and the end of
                    the input deregisters the key and ends the program
  -hold             with "-val -": after the end of the input keep the last value until interrupted
  -servers URL      the registry: a URL such as etcd://a:2379,b:2379 or consul://host:8500, or a comma-separated list
                    of etcd servers; default: the environment variable SIDEKICK_REGISTRY, else the registry of this
                    machine
  -ttl SECONDS      how long the key outlives this program (default: ${SIDEKICK_DEFAULTS.ttl})
  -update SECONDS   how often the value is checked (default: ${SIDEKICK_DEFAULTS.updateInterval})
  -exclusive        fail while another live session owns the key
  -verbose          print events to standard error
  -help             print this help`;

/** The parsed command line. */
interface Settings extends HeartbeatOptions {
  readonly key: string;
  readonly value: string;
  /** Whether the values are lines of standard input. */
  readonly fromInput: boolean;
  /** Whether the last value stays registered after the end of standard input. */
  readonly hold: boolean;
  readonly servers: string | undefined;
  readonly verbose: boolean;
}

function parseSeconds(name: string, flag: unknown): number | undefined {
  if (flag === undefined) return undefined;
  const number = Number(flag);
  if (typeof flag !== 'string' || flag.trim() === '' || Number.isNaN(number))
    throw expected(name, 'a number of seconds', flag);
  return number;
}

function parseSettings(args: readonly string[]): Settings | 'help' {
  const { flags, rest } = readArguments(args, {
    servers: { type: 'string' },
    key: { type: 'string' },
    val: { type: 'string', default: '' },
    hold: { type: 'boolean', default: false },
    ttl: { type: 'string' },
    update: { type: 'string' },
    exclusive: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  });
  if (flags.help === true) return 'help';
  if (rest[0] !== undefined) throw expected('arguments', 'flags only', rest[0]);
  const { key, val } = flags;
  if (typeof key !== 'string' || key === '') throw expected('key', 'given', key);
  const fromInput = val === '-';
  const value = typeof val === 'string' && !fromInput ? val : '';
  const hold = flags.hold === true;
  if (hold && !fromInput) throw expected('hold', 'given only together with `-val -`', val);
  const ttl = parseSeconds('ttl', flags.ttl);
  const updateInterval = parseSeconds('update', flags.update);
  const options: HeartbeatOptions = {
    exclusive: flags.exclusive === true,
    ...(ttl === undefined ? {} : { ttl }),
    ...(updateInterval === undefined ? {} : { updateInterval }),
  };
  checkKey(key, value);
  checkHeartbeatOptions(options, 'sidekicker');
  const servers = typeof flags.servers === 'string' ? flags.servers : undefined;
  return { ...options, key, value, fromInput, hold, servers, verbose: flags.verbose === true };
}

function eventLine({ type, key, reason }: RegistrationEvent): string {
  return reason === undefined ? `${type} ${key}` : `${type} ${key} (${reason})`;
}

async function runUntilDone(given: Settings, terminal: Terminal): Promise<void> {
  if (!given.fromInput) {
    await register(given, terminal, undefined);
    return;
  }
  const check = (line: string): void => {
    checkValue(given.key, line);
  };
  const lines = new ValueLines(terminal.stdin, check, ({ message }) => {
    terminal.err(`sidekicker: Skipped a line of standard input; the last value stays registered: ${message}`);
  });
  try {
    await register(given, terminal, lines);
  } finally {
    lines.close();
  }
}

async function register(given: Settings, terminal: Terminal, lines: ValueLines | undefined): Promise<void> {
  const { key, value, verbose } = given;
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
    if (lines) await Promise.race([endOf(lines, verbose ? terminal.err : undefined), interrupted]);
    if (!lines || given.hold) await interrupted;
  } finally {
    await registrar.close();
    await pooled.release();
  }
}

/** Resolves when the input has ended and its last line is written. */
async function endOf(lines: ValueLines, print: ((line: string) => void) | undefined): Promise<void> {
  await lines.ended;
  print?.('standard input has ended');
  await lines.written();
}

/**
 * Registers one key until interrupted or, with `-val -`, until standard input ends, and then deregisters it. The counterpart
 * of the command-line utility of Go `sidekick`.
 *
 * @returns the exit code: 1 for bad arguments, when the first write fails, and when standard input cannot be read
 */
export async function sidekicker(args: readonly string[], terminal: Terminal): Promise<number> {
  let given: Settings | 'help';
  try {
    given = parseSettings(args);
  } catch (error) {
    terminal.err(`sidekicker: ${(error as Error).message}\n\n${USAGE}`);
    return EXIT.usage;
  }
  if (given === 'help') {
    terminal.out(USAGE);
    return EXIT.ok;
  }
  try {
    await runUntilDone(given, terminal);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof SidekickError)) throw error;
    terminal.err(`sidekicker: ${error.message}`);
    return EXIT.failed;
  }
}
