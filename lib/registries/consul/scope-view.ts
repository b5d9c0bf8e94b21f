import { type InstanceKey, type PlainKey } from '../../registry/entry-record.js';
import { type MalformedEntry, type Scope, type ServiceScope } from '../../registry/registry.js';
import { type ConsulResponse } from './consul-response.js';
import { type HealthEntry, readHealthEntry } from './health-entry.js';
import { decodeKey, isStoredKey } from './key-codec.js';
import { type Content, serviceContent, instanceContent } from './content.js';
import { agentIds, encodeName, idFilter, inPath, kvKeyOf, sizeInFilter } from './names.js';
import { type ConsulSettings } from './options.js';
import { type ConsulRequest } from './transport.js';

/** How a scope is requested, and how its response is read. */
export interface ScopeView {
  readonly request: ConsulRequest;
  /** The service whose instances the response contains; undefined for a key. */
  readonly service: string | undefined;
  /** @throws UnexpectedAnswerError when the response does not have the expected form */
  readonly read: (response: ConsulResponse) => Content;
}

const inDc = (dc: string | undefined): Readonly<Record<string, string>> => (dc === undefined ? {} : { dc });

/** Longest list of ids in one filter, in characters of the URL, which must pass proxies that admit 8 KiB. */
export const MAX_FILTER_CHARACTERS = 7_000;

/** Characters that an instance adds to the URL by a filter. */
export function filterSize({ service, id }: InstanceKey): number {
  const { plain, qualified } = agentIds(service, id);
  return sizeInFilter(plain) + sizeInFilter(qualified);
}

/**
 * Requests some instances of one service. The filter restricts the response to the ids that they may have, so that large
 * services are cheap to read. It is left out for more ids than fit into it.
 */
export function instancesRequest(service: string, entryKeys: readonly InstanceKey[]): ConsulRequest {
  const size = entryKeys.reduce((sum, entryKey) => sum + filterSize(entryKey), 0);
  const ids = entryKeys.flatMap(({ id }) => Object.values(agentIds(service, id)));
  const filter =
    entryKeys.length > 1 && size > MAX_FILTER_CHARACTERS ? undefined : idFilter('Service.ID', ids);
  return healthRequest(service, filter === undefined ? {} : { filter });
}

function healthRequest(service: string, query: Readonly<Record<string, string>>): ConsulRequest {
  return { method: 'GET', path: `/health/service/${inPath(encodeName(service))}`, query };
}

/** The registrations in a response about a service, and the elements that are none. */
export function readHealth(
  service: string,
  response: ConsulResponse,
): { readonly all: readonly HealthEntry[]; readonly invalid: readonly MalformedEntry[] } {
  const all: HealthEntry[] = [];
  const invalid: MalformedEntry[] = [];
  const name = encodeName(service);
  response.array().forEach((element, index) => {
    const entry = readHealthEntry(service, element);
    // Consul's service names are case-insensitive.
    if (entry) {
      if (entry.service === name) all.push(entry);
    } else
      invalid.push({
        entryKey: { kind: 'instance', service, id: `#${index}` },
        reason: `Expected a registration with a \`Service.ID\` as element ${index} of Consul's response.`,
      });
  });
  return { all, invalid };
}

function serviceView({ service, dc }: ServiceScope, settings: ConsulSettings): ScopeView {
  return {
    service,
    // Includes failing instances: they have expired, while instances that are not registered were withdrawn.
    request: healthRequest(service, inDc(dc ?? settings.dc)),
    read: (response) => {
      const { all, invalid } = readHealth(service, response);
      const { malformed, ...rest } = serviceContent(service, all);
      return { ...rest, malformed: [...malformed, ...invalid] };
    },
  };
}

/** Reads the agent's own datacenter, where it registers instances whatever `dc` is. */
function instanceView(entryKey: InstanceKey): ScopeView {
  return {
    service: entryKey.service,
    request: instancesRequest(entryKey.service, [entryKey]),
    read: (response) => instanceContent(entryKey, readHealth(entryKey.service, response).all),
  };
}

/** The view of some instances of one service, as {@link instanceView} has each of them. */
export function instancesView(service: string, entryKeys: readonly InstanceKey[]): ScopeView {
  return {
    service,
    request: instancesRequest(service, entryKeys),
    read: (response) => {
      const byId = new Map<string, HealthEntry[]>();
      for (const entry of readHealth(service, response).all) {
        const entries = byId.get(entry.id);
        if (entries) entries.push(entry);
        else byId.set(entry.id, [entry]);
      }
      const contents = entryKeys.map((entryKey) => instanceContent(entryKey, byId.get(entryKey.id) ?? []));
      return {
        entries: contents.flatMap(({ entries }) => entries),
        malformed: contents.flatMap(({ malformed }) => malformed),
      };
    },
  };
}

function keyView(entryKey: PlainKey, settings: ConsulSettings): ScopeView {
  return {
    service: undefined,
    request: { method: 'GET', path: `/kv/${inPath(kvKeyOf(entryKey))}`, query: inDc(settings.dc) },
    read: (response) => {
      const elements = response.absent ? [] : response.array();
      const decoded = elements.slice(0, 1).map((element) => decodeKey(entryKey, element));
      return {
        entries: decoded.filter(isStoredKey).map(({ entry }) => entry),
        malformed: decoded.filter((part): part is MalformedEntry => 'reason' in part),
      };
    },
  };
}

/** The view of `scope`. */
export function viewOf(scope: Scope, settings: ConsulSettings): ScopeView {
  switch (scope.kind) {
    case 'service':
      return serviceView(scope, settings);
    case 'instance':
      return instanceView(scope);
    case 'key':
      return keyView(scope, settings);
  }
}
