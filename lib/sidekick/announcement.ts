import { randomBytes } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import { DEFAULT_INTERFACES, type Interfaces, selectAddress } from '../common/interfaces.js';
import { completeInstance, type Instance } from '../registry/instance.js';
import { type ServiceAnnouncement } from './sidekick.options.js';

/** Where the application's own server is bound. */
export interface Bound {
  readonly address: string;
  readonly port: number;
}

/** Makes an id that is unique among all instances, and shows operators the host and the process. */
export function uniqueId(): string {
  return `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`;
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::' || address === '';
}

/**
 * The address to announce: the given one, the bound one, or the first match of the interfaces.
 *
 * @throws NoAddressError when `interfaces` match no address
 */
export function announcedAddress(
  service: ServiceAnnouncement,
  bound: Bound | undefined,
  interfaces: Interfaces = networkInterfaces(),
): string {
  if (service.address !== undefined) return service.address;
  if (service.interfaces === undefined && bound && !isWildcard(bound.address)) return bound.address;
  // Without `interfaces`, a machine that has no network announces loopback.
  return selectAddress(service.interfaces ?? DEFAULT_INTERFACES, interfaces, {
    loopback: service.interfaces === undefined,
  });
}

/** The instance as it is written to the registry. */
export function announcedInstance(
  service: ServiceAnnouncement & { readonly id: string },
  address: string,
  port: number,
): Instance {
  const { name, id, ports, tags, meta, weight, zone } = service;
  return completeInstance({
    service: name,
    id,
    address,
    port,
    ...(ports === undefined ? {} : { ports }),
    ...(tags === undefined ? {} : { tags }),
    ...(meta === undefined ? {} : { meta }),
    ...(weight === undefined ? {} : { weight }),
    ...(zone === undefined ? {} : { zone }),
  });
}
