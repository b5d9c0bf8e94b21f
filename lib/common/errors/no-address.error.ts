import { SidekickError } from './index.js';

/** No interface specification matches an address of this machine. */
export class NoAddressError extends SidekickError {
  readonly code = 'SIDEKICK_NO_ADDRESS';

  constructor(
    /** The specifications, in the order in which they were tried. */
    readonly specs: readonly string[],
    /** The addresses of this machine, as `eth0 10.0.0.1`, in the order in which they were tried. */
    readonly addresses: readonly string[],
  ) {
    const found = addresses.length === 0 ? 'no interface with an address' : addresses.join(', ');
    super(
      `Expected one of the interface specifications ${specs.map((spec) => `"${spec}"`).join(', ')} to match ` +
        `an address of this machine, which has ${found}. Specify one of these, or an address as "static:IP".`,
    );
  }
}
