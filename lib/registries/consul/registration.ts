import { type Instance } from '../../registry/instance.js';
import { divideMeta, fitsMeta, type InstanceData, OURS, packData } from './instance-data.js';
import { encodeName } from './names.js';
import { type ConsulInitialStatus, type ConsulSettings } from './options.js';
import { type OwnerId } from './owner.js';

/** Whose registration it is. */
export const OWNER = `${OURS}owner`;
/** Another one with each write: how a registration is recognised in the catalogue. */
export const WRITE = `${OURS}write`;
export const ZONE = `${OURS}zone`;

/** Tagged addresses that Consul makes or understands itself. */
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

/** Whether a tagged address stands for a port of the application. */
export function isPortName(name: string): boolean {
  return !CONSUL_ADDRESSES.has(name) && !name.startsWith('consul-');
}

/** Id of the TTL check of the service with this id in its agent. */
export function checkId(agentId: string): string {
  return `service:${agentId}`;
}

export interface RegistrationOptions {
  readonly agentId: string;
  readonly owner: OwnerId;
  readonly write: string;
  /** Seconds. */
  readonly ttl: number;
  /** Of the check, until it is renewed. */
  readonly status: ConsulInitialStatus;
  readonly settings: ConsulSettings;
}

/**
 * The body of `PUT /v1/agent/service/register`; undefined when the instance says more than Consul has room for.
 */
export function registration(
  instance: Instance,
  { agentId, owner, write, ttl, status, settings }: RegistrationOptions,
): Readonly<Record<string, unknown>> | undefined {
  const { service, id, address, port, ports, tags, meta, weight, zone } = instance;
  const { plain, odd } = divideMeta(meta);
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
      ...(zone !== undefined && fitsMeta(zone) ? { [ZONE]: zone } : {}),
      [OWNER]: owner,
      [WRITE]: write,
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
