import { type Instance } from '../../registry/instance.js';
import { splitMeta, fitsMeta, type InstanceData, META_PREFIX, packData } from './instance-data.js';
import { encodeName } from './names.js';
import { type ConsulInitialStatus, type ConsulSettings } from './options.js';
import { type OwnerId } from './owner.js';

/** Metadata name of the owner's id. */
export const OWNER_META = `${META_PREFIX}owner`;
/** Metadata name of the write's id, which is new with each write and identifies a registration in the catalogue. */
export const WRITE_META = `${META_PREFIX}write`;
/** Metadata name of the zone. */
export const ZONE_META = `${META_PREFIX}zone`;

/** Names of tagged addresses that Consul creates or interprets itself. */
const CONSUL_ADDRESSES = new Set([
  'lan',
  'wan',
  'lan_ipv4',
  'wan_ipv4',
  'lan_ipv6',
  'wan_ipv6',
  'virtual',
  'consul-virtual',
  '__proto__',
]);

/** Whether a tagged address of this name represents a named port of the application. */
export function isPortName(name: string): boolean {
  return !CONSUL_ADDRESSES.has(name) && !name.startsWith('consul-');
}

/** The id of a service's TTL check. */
export function checkId(agentId: string): string {
  return `service:${agentId}`;
}

/** What a registration has beside its instance. */
export interface RegistrationBodyOptions {
  /** The id of the service in its agent. */
  readonly agentId: string;
  readonly owner: OwnerId;
  readonly writeId: string;
  /** Seconds. */
  readonly ttl: number;
  /** Status of the check until its first renewal. */
  readonly status: ConsulInitialStatus;
  readonly settings: ConsulSettings;
}

/** The body of `PUT /v1/agent/service/register`; undefined when the instance does not fit into Consul's metadata. */
export function registrationBody(
  instance: Instance,
  { agentId, owner, writeId, ttl, status, settings }: RegistrationBodyOptions,
): Readonly<Record<string, unknown>> | undefined {
  const { service, id, address, port, ports, tags, meta, weight, zone } = instance;
  const { plain, odd } = splitMeta(meta);
  const named = Object.entries(ports);
  const hidden = named.filter(([name]) => !isPortName(name));
  const data: InstanceData = {
    ...(agentId === id ? {} : { id }),
    ...(zone === undefined || fitsMeta(zone) ? {} : { zone }),
    ...(weight > 0 ? {} : { weight }),
    ...(odd.length > 0 ? { meta: odd } : {}),
    ...(hidden.length > 0 ? { ports: hidden } : {}),
  };
  const packed = packData(data);
  if (!packed) return undefined;
  return {
    ID: agentId,
    Name: encodeName(service),
    Address: address,
    Port: port,
    Tags: tags,
    Meta: {
      ...plain,
      ...packed,
      ...(zone !== undefined && fitsMeta(zone) ? { [ZONE_META]: zone } : {}),
      [OWNER_META]: owner,
      [WRITE_META]: writeId,
    },
    Weights: { Passing: Math.max(1, weight), Warning: 1 },
    TaggedAddresses: Object.fromEntries(
      named
        .filter(([name]) => isPortName(name))
        .map(([name, number]) => [name, { Address: address, Port: number }]),
    ),
    EnableTagOverride: settings.enableTagOverride,
    Check: {
      CheckID: checkId(agentId),
      Name: `Heartbeat of ${service}`,
      TTL: `${ttl}s`,
      Status: status,
      ...(settings.deregisterAfter > 0
        ? { DeregisterCriticalServiceAfter: `${settings.deregisterAfter}s` }
        : {}),
    },
  };
}
