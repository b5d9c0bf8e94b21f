import { type InstanceKey, type PlainKey } from '../../registry/entry-record.js';
import { type MalformedEntry, type Scope, type ServiceScope } from '../../registry/registry.js';
import { type ConsulResponse } from './consul-response.js';
import { type HealthEntry, readHealthEntry } from './health-entry.js';
import { decodeKey, isStoredKey } from './key-codec.js';
import { type Content, serviceContent, instanceContent } from './content.js';
import { agentIds, encodeName, idFilter, inPath, kvKeyOf } from './names.js';
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

/** Restricts the response to the ids that the instance may have, so that large services are cheap to read. */
function idFilterQuery({ service, id }: InstanceKey): Readonly<Record<string, string>> {
  const { plain, qualified } = agentIds(service, id);
  const filter = idFilter('Service.ID', [plain, qualified]);
  return filter === undefined ? {} : { filter };
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
    request: healthRequest(entryKey.service, idFilterQuery(entryKey)),
    read: (response) => instanceContent(entryKey, readHealth(entryKey.service, response).all),
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
