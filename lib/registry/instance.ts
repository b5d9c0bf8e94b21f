/** One running instance of a service, as registries store it. */
export interface Instance {
  /** Name of the service. */
  readonly service: string;
  /** Unique within the service. */
  readonly id: string;
  /** An IP address (IPv6 without brackets) or a hostname. */
  readonly address: string;
  /** An integer from 1 to 65535. */
  readonly port: number;
  /** Further ports by name, for example `{ grpc: 50051 }`. */
  readonly ports: Readonly<Record<string, number>>;
  /** Labels that clients select instances by. */
  readonly tags: readonly string[];
  /** Metadata for clients. */
  readonly meta: Readonly<Record<string, string>>;
  /** The relative share of the traffic, an integer from 0 to 65535. {@link DEFAULT_WEIGHT} unless set. */
  readonly weight: number;
  /** The zone in which it runs, for balancers that prefer near instances. */
  readonly zone?: string;
}

/** The weight of an instance that sets none. */
export const DEFAULT_WEIGHT = 1;

/** An {@link Instance} whose fields with a default are optional. {@link completeInstance} fills them in. */
export type PartialInstance = Pick<Instance, 'service' | 'id' | 'address' | 'port'> & Partial<Instance>;

const NO_PORTS: Readonly<Record<string, number>> = Object.freeze({});
const NO_TAGS: readonly string[] = Object.freeze([]);
const NO_META: Readonly<Record<string, string>> = Object.freeze({});

/** Returns a frozen instance with all defaults filled in. */
export function completeInstance(partial: PartialInstance): Instance {
  const { service, id, address, port, ports, tags, meta, weight, zone } = partial;
  return assembleInstance({
    service,
    id,
    address,
    port,
    ports: ports === undefined || isEmpty(ports) ? NO_PORTS : Object.freeze({ ...ports }),
    tags: tags === undefined || tags.length === 0 ? NO_TAGS : Object.freeze([...tags]),
    meta: meta === undefined || isEmpty(meta) ? NO_META : Object.freeze({ ...meta }),
    weight: weight ?? DEFAULT_WEIGHT,
    zone,
  });
}

function isEmpty(properties: object): boolean {
  for (const name in properties) if (Object.hasOwn(properties, name)) return false;
  return true;
}

type Parts = Omit<Instance, 'zone'> & { readonly zone?: string | undefined };

/**
 * Returns a frozen instance made of parts that are already frozen. It uses object literals because an object made by
 * spreading takes a third more memory, and a registry may hold many instances.
 */
export function assembleInstance(parts: Parts): Instance {
  const { service, id, address, port, ports, tags, meta, weight, zone } = parts;
  return Object.freeze(
    zone === undefined
      ? { service, id, address, port, ports, tags, meta, weight }
      : { service, id, address, port, ports, tags, meta, weight, zone },
  );
}
