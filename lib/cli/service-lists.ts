import { InvalidOptionError } from '../common/errors/index.js';
import { checkName } from '../common/names.js';
import { similarName } from '../common/similar-name.js';
import { quote } from '../common/strings.js';
import { joinHostPort } from '../common/address.js';
import { type ContainerPilotConfig } from '../containerpilot/config.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { ServiceCache } from '../discovery/service-cache.js';
import { type ServiceQuery } from '../discovery/service-query.js';
import { type ServiceSelection } from '../discovery/service-selection.js';
import { type ServiceScope } from '../registry/registry.js';
import { type RegistryAccess } from './registry-access.js';

/** The header of {@link endpointRow}. */
export const ENDPOINT_HEADER: readonly string[] = ['SERVICE', 'ADDRESS', 'ID', 'TAGS'];

/** An endpoint as cells. */
export function endpointRow(service: string, { address, port, id, tags }: Endpoint): readonly string[] {
  return [service, joinHostPort(address, port), id, tags.join(',')];
}

/**
 * The services that the operands name; the watches of the ContainerPilot file without operands.
 *
 * @throws InvalidOptionError when a name is invalid
 */
export function queriesOf(
  names: readonly string[],
  config: ContainerPilotConfig | undefined,
): readonly ServiceQuery[] {
  for (const name of names) checkName('service', name);
  if (names.length > 0) return names.map((service) => ({ service }));
  return (config?.watches ?? []).map(({ name, tag, dc }): ServiceQuery => {
    return { service: name, ...(tag === undefined ? {} : { tag }), ...(dc === undefined ? {} : { dc }) };
  });
}

/** The services as the registry knows them; the cache selects by tag itself. */
function scopeOf({ service, dc }: ServiceQuery): ServiceScope {
  return { kind: 'service', service, ...(dc === undefined ? {} : { dc }) };
}

/** Watches services, waits for the first list of each, and calls `run`. */
export async function withLists<T>(
  access: RegistryAccess,
  queries: readonly ServiceQuery[],
  run: (selections: readonly ServiceSelection[]) => Promise<T>,
): Promise<T> {
  return await withCache(access, queries, (_cache, selections) => run(selections));
}

/** As {@link withLists}, with the cache that has the lists. */
export async function withCache<T>(
  { registry, deps, request }: RegistryAccess,
  queries: readonly ServiceQuery[],
  run: (cache: ServiceCache, selections: readonly ServiceSelection[]) => Promise<T>,
): Promise<T> {
  const [first] = queries;
  // The cache retries for as long as the application runs; a command fails at the first error, with its reason.
  if (first) await request(`Listing ${registry.url}`, (signal) => registry.list(scopeOf(first), signal));
  const cache = new ServiceCache(deps);
  try {
    await cache.start(registry);
    const selections = queries.map((query) => cache.watch(query));
    await request(`The first list from ${registry.url}`, async () => {
      await Promise.all(selections.map((selection) => selection.ready()));
    });
    return await run(cache, selections);
  } finally {
    await cache.close();
  }
}

/** All services of the registry. @throws InvalidOptionError when the registry cannot enumerate them */
export async function allServices({ registry, request }: RegistryAccess): Promise<readonly string[]> {
  const services = registry.services?.bind(registry);
  if (!services)
    throw new InvalidOptionError(
      `Expected at least one service: the ${registry.driver} registry cannot list the names of all services.`,
    );
  return await request(`Listing the services of ${registry.url}`, (signal) => services(signal));
}

/** A sentence for a service without instances. It suggests the name of another service. */
export async function noInstances(access: RegistryAccess, service: string): Promise<string> {
  const known = await allServices(access).catch((): readonly string[] => []);
  return `The registry ${access.registry.url} has no instance of service ${quote(service)}.${similarName(service, known)}`;
}
