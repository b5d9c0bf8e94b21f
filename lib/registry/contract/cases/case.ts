import { type ContractCapabilities, type RegistryContract } from '../contract.js';
import { type World } from '../world.js';

/** One case of the suite. */
export interface Case {
  readonly name: string;
  /** What it cannot do without; the case is left out for registries that lack it. */
  readonly needs?: readonly (keyof ContractCapabilities)[];
  /** Tools of the driver's tests it cannot do without. */
  readonly tools?: readonly ('corrupt' | 'forget' | 'plant' | 'revoke' | 'compact' | 'content')[];
  /** Multiples of the expiry time it takes at most, on top of the usual. */
  readonly expiries?: number;
  readonly check: (world: World) => Promise<void>;
}

/** Whether `contract` gives what `one` needs. */
export function applies(one: Case, contract: RegistryContract): boolean {
  const has = (name: keyof ContractCapabilities): boolean =>
    contract.capabilities?.[name] ?? name !== 'datacenters';
  return (
    (one.needs ?? ['write']).every(has) && (one.tools ?? []).every((tool) => contract[tool] !== undefined)
  );
}
