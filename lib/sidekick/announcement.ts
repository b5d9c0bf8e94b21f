import { randomBytes } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import { DEFAULT_INTERFACES, type Interfaces, selectAddress } from '../common/interfaces.js';
import { completeInstance, type Instance } from '../registry/instance.js';
import { type ServiceAnnouncement } from './sidekick.options.js';

/** What the application's own server is bound to. */
export interface Bound {
  readonly address: string;
  readonly port: number;
}

/** An id that no other copy has, and that tells an operator where this one runs. */
export function uniqueId(): string {
  return `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`;
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::' || address === '';
}

/** The address to announce: the given one, the bound one, or the first match of the interfaces. */
export function announcedAddress(
  service: ServiceAnnouncement,
  bound: Bound | undefined,
  interfaces: Interfaces = networkInterfaces(),
): string {
  if (service.address !== undefined) return service.address;
  if (service.interfaces === undefined && bound && !isWildcard(bound.address)) return bound.address;
  // A machine with no network yet is still of use to itself, unless it was told what to look for.
  return selectAddress(service.interfaces ?? DEFAULT_INTERFACES, interfaces, {
    loopback: service.interfaces === undefined,
  });
}

/** The instance as it goes to the registry. */
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
