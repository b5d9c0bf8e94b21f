import { isHost, isPort, joinHostPort, splitHostPort } from '../../common/address.js';
import { InvalidOptionError } from '../../common/errors/index.js';
import { checkObject, expected } from '../../common/expected.js';
import { checkName } from '../../common/names.js';
import { readInstance } from '../../registry/instance-shape.js';
import { type Instance } from '../../registry/instance.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { FixedRegistry } from './registry.js';

/** An instance as one writes it down: `host:port`, or its fields. Its id is `host:port` unless given. */
export type FixedInstance =
  string | (Pick<Instance, 'address' | 'port'> & Partial<Omit<Instance, 'service' | 'address' | 'port'>>);

/** The instances of each service, by its name. */
export type FixedServices = Readonly<Record<string, readonly FixedInstance[]>>;

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function read(service: string, given: FixedInstance): Instance {
  const name = `fixed.${service}`;
  const fields: unknown = typeof given === 'string' ? splitHostPort(given) : given;
  if (!isObject(fields)) throw expected(name, 'a list of `host:port` or { address, port }', given);
  const { address, host, port, ...rest } = fields as Record<string, unknown>;
  const target = address ?? host;
  // Without both there is no such id, nor is there an instance.
  const id = isHost(target) && isPort(port) ? joinHostPort(target, port) : 'none';
  return readInstance(name, { id, ...rest, service, address: target, port });
}

/**
 * Checks and completes what a fixed registry is given.
 *
 * @throws InvalidOptionError when a service, an address or another field is not what it should be, or an id occurs twice
 */
export function readServices(services: FixedServices): ReadonlyMap<string, readonly Instance[]> {
  checkObject('fixed', services);
  return new Map(
    Object.entries(services).map(([service, given]) => {
      checkName('service', service);
      if (!Array.isArray(given)) throw expected(`fixed.${service}`, 'a list of instances', given);
      const instances = (given as readonly FixedInstance[]).map((one) => read(service, one));
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
 * A registry that is written down: these instances and no others, for as long as the process runs. Nothing can be
 * announced or kept in it.
 *
 * ```ts
 * PilotedModule.forRoot({ registry: fixed({ web: ['10.0.0.1:80', { address: '10.0.0.2', port: 80, weight: 3 }] }) });
 * ```
 *
 * @throws InvalidOptionError as {@link readServices}
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
