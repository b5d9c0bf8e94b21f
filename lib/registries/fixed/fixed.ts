import { isHost, isPort, joinHostPort, splitHostPort } from '../../common/address.js';
import { InvalidOptionError } from '../../common/errors/index.js';
import { checkObject, expected } from '../../common/expected.js';
import { checkName } from '../../common/names.js';
import { readInstance } from '../../registry/instance-shape.js';
import { type Instance } from '../../registry/instance.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { FixedRegistry } from './fixed-registry.js';

/** A configured instance: `host:port`, or its fields. The default of its id is `host:port`. */
export type FixedInstance =
  string | (Pick<Instance, 'address' | 'port'> & Partial<Omit<Instance, 'service' | 'address' | 'port'>>);

/** The instances of each service, by service name. */
export type FixedServices = Readonly<Record<string, readonly FixedInstance[]>>;

/** Returns the fields of an instance; undefined for anything but `host:port` and an object. */
function fieldsOf(given: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof given !== 'string')
    return typeof given === 'object' && given !== null ? { ...given } : undefined;
  const parsed = splitHostPort(given);
  return parsed && { address: parsed.host, port: parsed.port };
}

function toInstance(name: string, service: string, given: FixedInstance): Instance {
  const fields = fieldsOf(given);
  if (!fields) throw expected(name, 'an array of `host:port` or { address, port }', given);
  const { address, port } = fields;
  // Without a valid address and port `readInstance` throws, so this id is never used.
  const id = isHost(address) && isPort(port) ? joinHostPort(address, port) : 'none';
  return readInstance(name, { id, ...fields, service });
}

/**
 * Checks the instances and fills in the defaults.
 *
 * @param option The option that has the instances, for messages. The default is `fixed.` and the name of the service.
 * @throws InvalidOptionError when a service name, an address or another field is invalid, or an id occurs twice
 */
export function readServices(
  services: FixedServices,
  option?: string,
): ReadonlyMap<string, readonly Instance[]> {
  checkObject('fixed', services);
  return new Map(
    Object.entries(services).map(([service, given]) => {
      checkName('service', service);
      const name = option ?? `fixed.${service}`;
      if (!Array.isArray(given)) throw expected(name, 'an array of instances', given);
      const instances = (given as readonly FixedInstance[]).map((one) => toInstance(name, service, one));
      const ids = new Set<string>();
      for (const { id } of instances) {
        if (ids.has(id))
          throw new InvalidOptionError(
            `Expected the instances of service "${service}" to have different ids, got "${id}" twice.`,
          );
        ids.add(id);
      }
      return [service, Object.freeze(instances)];
    }),
  );
}

/**
 * Makes a constant list of instances the registry. The registry is read-only.
 *
 * ```ts
 * PilotedModule.forRoot({ registry: fixed({ web: ['10.0.0.1:80', { address: '10.0.0.2', port: 80, weight: 3 }] }) });
 * ```
 *
 * @throws InvalidOptionError when a service name, an address or another field is invalid, or an id occurs twice
 */
export function fixed(services: FixedServices): RegistrySource {
  const instances = readServices(services);
  const names = [...instances.keys()].join(',');
  return {
    identity: `fixed:${JSON.stringify([...instances])}`,
    url: `fixed:${names}`,
    open: async ({ clock }) => await Promise.resolve(new FixedRegistry(`fixed:${names}`, instances, clock)),
  };
}
