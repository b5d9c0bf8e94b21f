/** One running copy of a service, as registries carry it. */
export interface Instance {
  readonly service: string;
  /** Unique within the service. */
  readonly id: string;
  /** IP address (v6 without brackets) or hostname. */
  readonly address: string;
  /** 1 to 65535. */
  readonly port: number;
  /** Further named ports, `{ grpc: 50051 }`. */
  readonly ports: Readonly<Record<string, number>>;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  /** Relative share of the traffic, a whole number from 0 to 65535; 1 unless said otherwise. */
  readonly weight: number;
  /** Where it runs, for balancers that prefer what is near. */
  readonly zone?: string;
}

/** The weight of an instance that names none. */
export const DEFAULT_WEIGHT = 1;

/** An {@link Instance} with only what has no default; {@link completeInstance} fills in the rest. */
export type PartialInstance = Pick<Instance, 'service' | 'id' | 'address' | 'port'> & Partial<Instance>;

const NO_PORTS: Readonly<Record<string, number>> = Object.freeze({});
const NO_TAGS: readonly string[] = Object.freeze([]);
const NO_META: Readonly<Record<string, string>> = Object.freeze({});

/** A frozen instance with every default filled in. */
export function completeInstance(partial: PartialInstance): Instance {
  const { ports, tags, meta, weight } = partial;
  return assembleInstance({
    ...partial,
    ports: ports === undefined ? NO_PORTS : Object.freeze({ ...ports }),
    tags: tags === undefined ? NO_TAGS : Object.freeze([...tags]),
    meta: meta === undefined ? NO_META : Object.freeze({ ...meta }),
    weight: weight ?? DEFAULT_WEIGHT,
  });
}

/**
 * A frozen instance of parts that are frozen already. Made of literals, since a spread object takes a third more
 * memory, and registries have many.
 */
export function assembleInstance(parts: Instance): Instance {
  const { service, id, address, port, ports, tags, meta, weight, zone } = parts;
  return Object.freeze(
    zone === undefined
      ? { service, id, address, port, ports, tags, meta, weight }
      : { service, id, address, port, ports, tags, meta, weight, zone },
  );
}
