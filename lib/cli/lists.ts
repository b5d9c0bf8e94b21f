import { loadContainerPilot } from '../containerpilot/load.js';
import { registryUrlOf } from '../containerpilot/registry-url.js';
import { ServiceCache } from '../discovery/service-cache.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type ServiceQuery } from '../discovery/service-query.js';
import { joinHostPort } from '../common/address.js';
import { systemClock } from '../common/clock.js';
import { attempt } from '../common/async/deadline.js';
import { InvalidOptionError, SidekickError } from '../common/errors/index.js';
import { type Logger, silentLogger } from '../common/logger.js';
import { checkName } from '../common/names.js';
import { registryPool } from '../registry/registry-pool.js';
import { registrySource } from '../registries/registry-url.js';
import { readArguments } from './arguments.js';
import { EXIT, interruption, type Terminal } from './terminal.js';

const USAGE = `Usage: piloted ls [OPTIONS] SERVICE...
       piloted watch [OPTIONS] SERVICE...

ls prints the endpoints of each service, one per line. watch also prints every change, until it is interrupted.

  --registry URL   the registry; default: that of --config, else SIDEKICK_REGISTRY, else the registry of this machine
  --config FILE    a ContainerPilot file: its registry, and its watches if no SERVICE is given
  --json           print one JSON object per line
  --help           print this help`;

/** Timeout of the first lists in milliseconds. */
const FIRST_LIST_TIMEOUT_MS = 10_000;

/** The parsed command line. */
interface ListRequest {
  readonly registry: string | undefined;
  readonly queries: readonly ServiceQuery[];
  readonly json: boolean;
}

function parseRequest(args: readonly string[], { env }: Terminal): ListRequest | 'help' {
  const { flags, rest } = readArguments(args, {
    registry: { type: 'string' },
    config: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  });
  if (flags.help === true) return 'help';
  const config = typeof flags.config === 'string' ? loadContainerPilot(flags.config, env) : undefined;
  for (const name of rest) checkName('service', name);
  const named: readonly ServiceQuery[] = rest.map((service) => ({ service }));
  const watches = (config?.watches ?? []).map(({ name, tag, dc }): ServiceQuery => {
    return { service: name, ...(tag === undefined ? {} : { tag }), ...(dc === undefined ? {} : { dc }) };
  });
  const queries = named.length > 0 ? named : watches;
  if (queries.length === 0) throw new InvalidOptionError('Expected at least one service, got none.');
  const url = typeof flags.registry === 'string' ? flags.registry : config && registryUrlOf(config.registry);
  return { registry: url, queries, json: flags.json === true };
}

function formatEndpoint(service: string, endpoint: Endpoint, json: boolean): string {
  if (json) return JSON.stringify(endpoint);
  const { address, port, id, tags } = endpoint;
  return [service, joinHostPort(address, port), id, tags.join(',')].join('\t').trimEnd();
}

async function run(
  { registry, queries, json }: ListRequest,
  terminal: Terminal,
  follow: boolean,
): Promise<void> {
  const logger: Logger = { ...silentLogger, warn: terminal.err, error: terminal.err };
  const deps = { clock: systemClock, random: Math.random, logger };
  const pooled = await registryPool.acquire(registrySource(registry, terminal.env), deps);
  const directory = new ServiceCache(deps);
  try {
    await directory.start(pooled.registry);
    const views = queries.map((query) => ({ query, view: directory.watch(query) }));
    const print = (service: string, endpoints: readonly Endpoint[]): void => {
      for (const endpoint of endpoints) terminal.out(formatEndpoint(service, endpoint, json));
    };
    const what = `The first list from ${pooled.registry.url}`;
    await attempt(
      { clock: systemClock, timeoutMs: FIRST_LIST_TIMEOUT_MS, signal: terminal.interrupted, what },
      async () => {
        await Promise.all(views.map(({ view }) => view.ready()));
      },
    );
    for (const { query, view } of views) print(query.service, view.endpoints);
    if (!follow) return;
    for (const { query, view } of views) {
      view.subscribe(({ added, removed, updated }) => {
        const printChange = (word: string, endpoints: readonly Endpoint[]): void => {
          for (const endpoint of endpoints) {
            const text = formatEndpoint(query.service, endpoint, json);
            terminal.out(json ? `{"change":"${word}",${text.slice(1)}` : `${word}\t${text}`);
          }
        };
        printChange('added', added);
        printChange('updated', updated);
        printChange('removed', removed);
      });
    }
    await interruption(terminal.interrupted);
  } catch (error) {
    if (!terminal.interrupted.aborted) throw error;
  } finally {
    await directory.close();
    await pooled.release();
  }
}

/** Runs `piloted ls`, or `piloted watch` with `follow`. @returns the exit code */
export async function listCommand(
  args: readonly string[],
  terminal: Terminal,
  { follow }: { readonly follow: boolean },
): Promise<number> {
  try {
    const given = parseRequest(args, terminal);
    if (given === 'help') terminal.out(USAGE);
    else await run(given, terminal, follow);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof SidekickError)) throw error;
    terminal.err(`piloted: ${error.message}`);
    if (error instanceof InvalidOptionError) terminal.err(USAGE);
    return EXIT.failed;
  }
}
