import { type ElectionStatus } from '../election/election-client.js';
import { type DiscoveryDump, type ServiceDump } from '../piloted/discovery.service.js';
import { type RegistrationStatus } from '../registration/registration-status.js';
import { type Sample } from './metric-definitions.js';

/** What the metrics read of one application. Of a module that it does not import, the field is undefined. */
export interface ApplicationSources {
  readonly discovery: { dump(): DiscoveryDump } | undefined;
  readonly sidekick: { readonly beats: readonly RegistrationStatus[] } | undefined;
  readonly elections: { dump(): readonly ElectionStatus[] } | undefined;
  /** The open connections to registries. */
  readonly registries: () => readonly RegistryConnection[];
}

/** One connection to a registry. */
export interface RegistryConnection {
  /** Scheme of the registry's URL. */
  readonly driver: string;
  readonly connected: boolean;
}

/**
 * Reads the gauges from the objects of one application. Asks no registry. A value that is not known yet, such as the age
 * of a list before its first load, is left out.
 *
 * @param byEndpoint whether calls in flight are reported for each endpoint
 */
export function* readState(sources: ApplicationSources, byEndpoint: boolean): Generator<Sample> {
  for (const status of sources.sidekick?.beats ?? []) yield* registrationSamples(status);
  for (const service of sources.discovery?.dump().services ?? []) yield* serviceSamples(service, byEndpoint);
  for (const { name, isLeader } of sources.elections?.dump() ?? [])
    yield { name: 'sidekick_election_leader', labels: { name }, value: Number(isLeader) };
  for (const { driver, connected } of sources.registries())
    yield { name: 'sidekick_registry_connected', labels: { registry: driver }, value: Number(connected) };
}

function* registrationSamples({ key, service, state, expiresIn }: RegistrationStatus): Generator<Sample> {
  const labels = { key: service ?? key };
  const up = state === 'alive' || state === 'late';
  yield { name: 'sidekick_heartbeat_up', labels, value: Number(up) };
  if (expiresIn !== undefined)
    yield { name: 'sidekick_heartbeat_expires_seconds', labels, value: Math.max(0, expiresIn) };
}

function* serviceSamples(service: ServiceDump, byEndpoint: boolean): Generator<Sample> {
  const { name: service_name, age, stale, panic, endpoints } = service;
  const labels = { service_name };
  const states = { active: 0, ejected: 0, suspect: 0 };
  let active = 0;
  for (const { state, inFlight, address, port } of endpoints) {
    states[state] += 1;
    active += inFlight;
    if (!byEndpoint) continue;
    const endpoint = endpointLabel(address, port);
    yield { name: 'sidekick_requests_active', labels: { service_name, endpoint }, value: inFlight };
  }
  for (const [state, value] of Object.entries(states))
    yield { name: 'sidekick_service_endpoints', labels: { service_name, state }, value };
  if (age !== undefined) yield { name: 'sidekick_service_list_age_seconds', labels, value: age };
  yield { name: 'sidekick_service_stale', labels, value: Number(stale) };
  if (!byEndpoint) yield { name: 'sidekick_requests_active', labels, value: active };
  yield { name: 'sidekick_ejected_endpoints', labels, value: states.ejected };
  yield { name: 'sidekick_panic', labels, value: Number(panic) };
}

/** The label of one endpoint, with `instanceLabel`. */
export function endpointLabel(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
