import { InvalidOptionError } from '../common/errors/index.js';

/**
 * Makes `handle.address` and `handle.port` throw. `@Service` gives a handle or an endpoint depending on its place, and
 * the declared type is not checked at run time: a wrong one would put `undefined` into a URL.
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
