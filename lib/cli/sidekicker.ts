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

Keeps a key alive in a registry until it is interrupted, then removes it.

  -key KEY          the key to keep (required)
  -val VALUE        its value; empty by default. "-": each line of standard input is the next value, and the end of
                    the input removes the key and ends the program
  -hold             with "-val -": keep the last value after the end of the input, until interrupted
  -servers URL      the registry: a URL such as etcd://a:2379,b:2379 or consul://host:8500, or a comma-separated list
                    of etcd servers. By default the variable SIDEKICK_REGISTRY, else the registry of this machine
  -ttl SECONDS      how long the key outlives this program (${SIDEKICK_DEFAULTS.ttl})
  -update SECONDS   how often the value is looked after (${SIDEKICK_DEFAULTS.updateInterval})
  -exclusive        do not start while another holds the key
  -verbose          say what happens on standard error
  -help             this text`;

interface Settings extends HeartbeatOptions {
  readonly key: string;
  readonly value: string;
  /** Whether the values are lines of standard input. */
  readonly fromInput: boolean;
  readonly hold: boolean;
  readonly servers: string | undefined;
  readonly verbose: boolean;
}

function seconds(name: string, text: unknown): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (typeof text !== 'string' || text.trim() === '' || Number.isNaN(number))
    throw expected(name, 'a number of seconds', text);
  return number;
}

function settings(args: readonly string[]): Settings | 'help' {
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
  const ttl = seconds('ttl', flags.ttl);
  const updateInterval = seconds('update', flags.update);
  const keeping: HeartbeatOptions = {
    exclusive: flags.exclusive === true,
    ...(ttl === undefined ? {} : { ttl }),
    ...(updateInterval === undefined ? {} : { updateInterval }),
  };
  checkKey(key, value);
  checkHeartbeatOptions(keeping, 'sidekicker');
  const servers = typeof flags.servers === 'string' ? flags.servers : undefined;
  return { ...keeping, key, value, fromInput, hold, servers, verbose: flags.verbose === true };
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
    terminal.err(`sidekicker: Skipped a line of standard input, the last value stays: ${message}`);
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
  const keeper = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(systemClock), name });
  if (verbose) keeper.onEvent((event) => terminal.err(eventLine(event)));
  const interrupted = interruption(terminal.interrupted);
  const produce = (): KeyRecord => ({ kind: 'key', key, value: lines ? lines.newest : value });
  try {
    const { id, first } = await keeper.register(key, produce, {
      ttl: given.ttl ?? SIDEKICK_DEFAULTS.ttl,
      updateInterval: given.updateInterval ?? SIDEKICK_DEFAULTS.updateInterval,
      exclusive: given.exclusive ?? SIDEKICK_DEFAULTS.exclusive,
    });
    lines?.follow(() => keeper.update(id, produce));
    await Promise.race([first, interrupted]);
    if (lines) await Promise.race([endOf(lines, verbose ? terminal.err : undefined), interrupted]);
    if (!lines || given.hold) await interrupted;
  } finally {
    await keeper.close();
    await pooled.release();
  }
}

/** Resolves when the input has ended and its last line is written. */
async function endOf(lines: ValueLines, tell: ((text: string) => void) | undefined): Promise<void> {
  await lines.ended;
  tell?.('standard input has ended');
  await lines.written();
}

/**
 * Keeps one key until it is interrupted or, with `-val -`, until standard input ends, and then removes it. The
 * counterpart of the utility of Go `sidekick`.
 *
 * @returns the exit code: 1 for bad arguments, when the first write fails, and when standard input cannot be read
 */
export async function sidekicker(args: readonly string[], terminal: Terminal): Promise<number> {
  let given: Settings | 'help';
  try {
    given = settings(args);
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
