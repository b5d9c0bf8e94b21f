import { type ContractCapabilities, type RegistryContract } from '../contract.js';
import { type World } from '../world.js';

/** One case of the suite. */
export interface Case {
  readonly name: string;
  /** Required capabilities. The case is left out for registries that lack one. */
  readonly needs?: readonly (keyof ContractCapabilities)[];
  /** Required functions of the {@link RegistryContract}. The case is left out without them. */
  readonly tools?: readonly ('corrupt' | 'forget' | 'plant' | 'revoke' | 'compact' | 'content')[];
  /** Milliseconds allowed for the case apart from expiries. @default 120000 */
  readonly timeoutMs?: number;
  /** How often the case waits for an expiry, which extends its timeout. */
  readonly expiries?: number;
  readonly check: (world: World) => Promise<void>;
}

/** Whether `contract` has everything that `one` requires. */
export function applies(one: Case, contract: RegistryContract): boolean {
  const has = (name: keyof ContractCapabilities): boolean =>
    contract.capabilities?.[name] ?? name !== 'datacenters';
  return (
    (one.needs ?? ['write']).every(has) && (one.tools ?? []).every((tool) => contract[tool] !== undefined)
  );
}
