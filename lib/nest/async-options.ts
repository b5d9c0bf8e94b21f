import { type InjectionToken, type Provider, type Type } from '@nestjs/common';
import { InvalidOptionError } from '../common/errors/index.js';
import { formatValue } from '../common/expected.js';
import { similarName } from '../common/similar-name.js';
import { truncate } from '../common/strings.js';

/** How `forRootAsync` gets the options of a module. One of `useFactory`, `useClass` and `useExisting` is required. */
export interface AsyncOptions<Options, Factory extends object> {
  readonly inject?: InjectionToken[];
  readonly useFactory?: (...args: never[]) => Options | Promise<Options>;
  readonly useClass?: Type<Factory>;
  readonly useExisting?: Type<Factory>;
}

/** The fields that create the options: one of them is given. */
const SOURCES = ['useFactory', 'useClass', 'useExisting'] as const;
const FIELDS: readonly string[] = ['imports', 'inject', ...SOURCES];

/**
 * Returns the providers of a `forRootAsync` that provide `token` with the options of the module.
 *
 * @param of the module, for messages
 * @param create Gets the options from the instance of `useClass` or `useExisting`.
 * @throws InvalidOptionError unless exactly one of `useFactory`, `useClass` and `useExisting` is given, and for a field
 * that `forRootAsync` does not have
 */
export function asyncOptionsProviders<Options, Factory extends object>(
  of: string,
  token: symbol,
  options: AsyncOptions<Options, Factory>,
  create: (factory: Factory) => Options | Promise<Options>,
): Provider[] {
  checkSources(of, options);
  if (options.useFactory) {
    return [{ provide: token, inject: options.inject ?? [], useFactory: options.useFactory }];
  }
  const factory = options.useExisting ?? options.useClass;
  if (!factory) return [];
  const provider: Provider = { provide: token, inject: [factory], useFactory: create };
  return options.useExisting ? [provider] : [{ provide: factory, useClass: factory }, provider];
}

/** An option of the module beside the factory would be ignored, and the default used in its place. */
function checkSources(of: string, options: AsyncOptions<unknown, object>): void {
  const where = `${of}.forRootAsync()`;
  // JavaScript may call it with anything.
  const got: unknown = options;
  if (typeof got !== 'object' || got === null)
    throw new InvalidOptionError(
      `Expected the options of ${where} to be an object, got ${formatValue(got)}.`,
    );
  for (const name of Object.keys(options))
    if (!FIELDS.includes(name))
      throw new InvalidOptionError(
        `Expected the options of ${where} to be among ${FIELDS.join(', ')}, got \`${truncate(name)}\`.${similarName(name, FIELDS)} The factory returns the options of ${of}.`,
      );
  const given = SOURCES.filter((name) => options[name]);
  if (given.length !== 1)
    throw new InvalidOptionError(
      `Expected ${where} to get one of \`useFactory\`, \`useClass\` and \`useExisting\`, got ${given.join(' and ') || 'none'}.`,
    );
}
