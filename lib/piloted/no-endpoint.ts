import { InvalidOptionError } from '../common/errors/index.js';

/**
 * Makes a handle that is used as an endpoint say so: both are given by `@Service`, and the types of a constructor are not
 * checked at run time. Without it `handle.address` would be `undefined`, in a URL for example.
 */
export function refuseEndpointFields(prototype: object): void {
  for (const field of ['address', 'port'])
    Object.defineProperty(prototype, field, {
      configurable: true,
      get(this: { readonly name?: string }): never {
        throw new InvalidOptionError(
          `Expected an Endpoint to read \`${field}\` from, got the ServiceHandle of service "${this.name ?? ''}". Call its pick() for the next endpoint, or url(path) for a URL.`,
        );
      },
    });
}
