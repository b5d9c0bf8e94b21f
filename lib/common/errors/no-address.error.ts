import { SidekickError } from './index.js';

/** None of the interface specifications found an address on this machine. */
export class NoAddressError extends SidekickError {
  readonly code = 'SIDEKICK_NO_ADDRESS';

  constructor(
    /** The specifications that were tried, in order. */
    readonly specs: readonly string[],
    /** What there was to choose from, as `eth0 10.0.0.1`, in the order it was looked through. */
    readonly addresses: readonly string[],
  ) {
    const found = addresses.length === 0 ? 'no interface with an address' : addresses.join(', ');
    super(
      `Expected one of the interface specifications ${specs.map((spec) => `"${spec}"`).join(', ')} to match ` +
        `an address of this machine, which has ${found}. Name one of these, or give the address itself as "static:IP".`,
    );
  }
}
