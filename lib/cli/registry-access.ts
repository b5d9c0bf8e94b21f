import { attempt } from '../common/async/deadline.js';
import { systemClock } from '../common/clock.js';
import { InvalidOptionError } from '../common/errors/index.js';
import { type Logger, silentLogger } from '../common/logger.js';
import { loadContainerPilot } from '../containerpilot/load.js';
import { type ContainerPilotConfig } from '../containerpilot/config.js';
import { registryUrlOf } from '../containerpilot/registry-url.js';
import { registryPool } from '../registry/registry-pool.js';
import { type Registry } from '../registry/registry.js';
import { type RegistryDeps } from '../registry/registry-source.js';
import { registrySource } from '../registries/registry-url.js';
import { type Arguments } from './arguments.js';
import { completeUrl, CREDENTIAL_OPTIONS } from './registry-url.js';
import { type Option } from './syntax.js';
import { type Terminal } from './terminal.js';

/** Default of `--timeout`, in seconds. */
const DEFAULT_TIMEOUT = 10;

/** Options of the commands that read a registry. */
export const REGISTRY_OPTIONS = {
  registry: {
    value: 'URL',
    about:
      'the registry; default: that of --config, else the environment variable\nSIDEKICK_REGISTRY, else the registry of this machine',
  },
  config: { value: 'FILE', about: 'a ContainerPilot file: its registry, and its watches' },
  ...CREDENTIAL_OPTIONS,
  timeout: {
    value: 'SECONDS',
    about: `how long the registry may take to answer (default: ${DEFAULT_TIMEOUT})`,
  },
} as const satisfies Record<string, Option>;

/** The option of the commands that print data. */
export const JSON_OPTION = { json: { about: 'print one JSON object per line' } } as const;

/** A connection to the registry that the options name. */
export interface RegistryAccess {
  readonly registry: Registry;
  readonly deps: RegistryDeps;
  /** The file of `--config`. */
  readonly config: ContainerPilotConfig | undefined;
  /** Runs one request within `--timeout`. `what` is the subject of the error. */
  readonly request: <T>(what: string, run: (signal: AbortSignal) => Promise<T>) => Promise<T>;
}

/**
 * Opens the registry that the options name, and closes it after `run`. Warnings of the library go to standard error.
 *
 * @throws InvalidOptionError when an option is invalid
 * @throws the errors of `run` and of opening the registry
 */
export async function withRegistry<T>(
  args: Arguments,
  terminal: Terminal,
  run: (access: RegistryAccess) => Promise<T>,
): Promise<T> {
  const file = args.text('config');
  const config = file === undefined ? undefined : loadContainerPilot(file, terminal.env);
  const timeoutMs = (args.seconds('timeout') ?? DEFAULT_TIMEOUT) * 1_000;
  if (timeoutMs <= 0) throw new InvalidOptionError('Expected `timeout` to be above 0 seconds.');
  const given = args.text('registry') ?? (config && registryUrlOf(config.registry));
  const url = completeUrl(given, args, terminal.env);
  const logger: Logger = { ...silentLogger, warn: terminal.err, error: terminal.err };
  const deps = { clock: systemClock, random: Math.random, logger };
  const pooled = await registryPool.acquire(registrySource(url, terminal.env), deps);
  const { registry } = pooled;
  const { interrupted } = terminal;
  try {
    return await run({
      registry,
      deps,
      config,
      request: async (what, send) =>
        await attempt({ clock: systemClock, timeoutMs, signal: interrupted, what }, send),
    });
  } finally {
    await pooled.release();
  }
}
