import { type InjectionToken, type Provider, type Type } from '@nestjs/common';
import { InvalidOptionError } from '../common/errors/index.js';

/** How `forRootAsync` gets the options of a module. One of `useFactory`, `useClass` and `useExisting` is required. */
export interface AsyncOptions<Options, Factory extends object> {
  readonly inject?: InjectionToken[];
  readonly useFactory?: (...args: never[]) => Options | Promise<Options>;
  readonly useClass?: Type<Factory>;
  readonly useExisting?: Type<Factory>;
}

/**
 * Returns the providers of a `forRootAsync` that provide `token` with the options of the module.
 *
 * @param of the module, for messages
 * @param create Gets the options from the instance of `useClass` or `useExisting`.
 * @throws InvalidOptionError when `useFactory`, `useClass` and `useExisting` are all missing
 */
export function asyncOptionsProviders<Options, Factory extends object>(
  of: string,
  token: symbol,
  options: AsyncOptions<Options, Factory>,
  create: (factory: Factory) => Options | Promise<Options>,
): Provider[] {
  if (options.useFactory) {
    return [{ provide: token, inject: options.inject ?? [], useFactory: options.useFactory }];
  }
  const factory = options.useExisting ?? options.useClass;
  if (!factory) {
    throw new InvalidOptionError(
      `Expected ${of}.forRootAsync() to get one of \`useFactory\`, \`useClass\` and \`useExisting\`, got none.`,
    );
  }
  const provider: Provider = { provide: token, inject: [factory], useFactory: create };
  return options.useExisting ? [provider] : [{ provide: factory, useClass: factory }, provider];
}
