import { type InstanceKey, type PlainKey } from '../../registry/entry-record.js';
import { type MalformedEntry, type Scope, type ServiceScope } from '../../registry/registry.js';
import { type Answer } from './answer.js';
import { type HealthEntry, readHealthEntry } from './health-entry.js';
import { decodeKey, isStoredKey } from './key-codec.js';
import { type Content, members, occupant } from './membership.js';
import { agentIds, encodeName, idFilter, inPath } from './names.js';
import { type ConsulSettings } from './options.js';
import { type ConsulRequest } from './transport.js';

/** How a scope is asked for, and how the answer is read. */
export interface ScopeView {
  readonly request: ConsulRequest;
  /** The service whose instances the answer lists; undefined for a key. */
  readonly service: string | undefined;
  /** @throws UnexpectedAnswerError */
  readonly read: (answer: Answer) => Content;
}

const inDc = (dc: string | undefined): Readonly<Record<string, string>> => (dc === undefined ? {} : { dc });

/** Only what can be the instance, so that one entry key of a large service is cheap to look at. */
function onlyThis({ service, id }: InstanceKey): Readonly<Record<string, string>> {
  const { plain, qualified } = agentIds(service, id);
  const filter = idFilter('Service.ID', [plain, qualified]);
  return filter === undefined ? {} : { filter };
}

function healthRequest(service: string, query: Readonly<Record<string, string>>): ConsulRequest {
  return { method: 'GET', path: `/health/service/${inPath(encodeName(service))}`, query };
}

/** The elements of an answer about a service, and those that are no registration. */
export function readHealth(
  service: string,
  answer: Answer,
): { readonly all: readonly HealthEntry[]; readonly strange: readonly MalformedEntry[] } {
  const all: HealthEntry[] = [];
  const strange: MalformedEntry[] = [];
  const name = encodeName(service);
  answer.array().forEach((element, index) => {
    const entry = readHealthEntry(service, element);
    // Consul takes no account of capital letters in the name of a service.
    if (entry) {
      if (entry.service === name) all.push(entry);
    } else
      strange.push({
        entryKey: { kind: 'instance', service, id: `#${index}` },
        reason: `Expected a registration with a \`Service.ID\` as element ${index} of Consul's answer.`,
      });
  });
  return { all, strange };
}

function serviceView({ service, dc }: ServiceScope, settings: ConsulSettings): ScopeView {
  return {
    service,
    // Those that fail are asked for too: that they are registered still tells them from those that were withdrawn.
    request: healthRequest(service, inDc(dc ?? settings.dc)),
    read: (answer) => {
      const { all, strange } = readHealth(service, answer);
      const { malformed, ...rest } = members(service, all);
      return { ...rest, malformed: [...malformed, ...strange] };
    },
  };
}

/** An agent registers in its own datacenter, whatever `dc` says: entry keys of instances are looked at there. */
function instanceView(entryKey: InstanceKey): ScopeView {
  return {
    service: entryKey.service,
    request: healthRequest(entryKey.service, onlyThis(entryKey)),
    read: (answer) => occupant(entryKey, readHealth(entryKey.service, answer).all),
  };
}

function keyView(entryKey: PlainKey, settings: ConsulSettings): ScopeView {
  return {
    service: undefined,
    request: { method: 'GET', path: `/kv/${inPath(encodeName(entryKey.key))}`, query: inDc(settings.dc) },
    read: (answer) => {
      const elements = answer.absent ? [] : answer.array();
      const decoded = elements.slice(0, 1).map((element) => decodeKey(entryKey, element));
      return {
        entries: decoded.filter(isStoredKey).map(({ entry }) => entry),
        malformed: decoded.filter((part): part is MalformedEntry => 'reason' in part),
      };
    },
  };
}

/** How `scope` is read. */
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
