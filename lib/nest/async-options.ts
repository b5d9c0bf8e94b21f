import { type InjectionToken, type Provider, type Type } from '@nestjs/common';

/** How a module's options are made at run time: one of the three. */
export interface AsyncOptions<Options, Factory extends object> {
  readonly inject?: InjectionToken[];
  readonly useFactory?: (...args: never[]) => Options | Promise<Options>;
  readonly useClass?: Type<Factory>;
  readonly useExisting?: Type<Factory>;
}

/**
 * What provides `token` with the options that a module's `forRootAsync` was given.
 *
 * @param create asks the class or provider for them
 * @throws TypeError when none of the three is given
 */
export function asyncOptionsProviders<Options, Factory extends object>(
  token: symbol,
  options: AsyncOptions<Options, Factory>,
  create: (factory: Factory) => Options | Promise<Options>,
): Provider[] {
  if (options.useFactory) {
    return [{ provide: token, inject: options.inject ?? [], useFactory: options.useFactory }];
  }
  const factory = options.useExisting ?? options.useClass;
  if (!factory) throw new TypeError('Expected one of `useFactory`, `useClass` and `useExisting`, got none.');
  const made: Provider = { provide: token, inject: [factory], useFactory: create };
  return options.useExisting ? [made] : [{ provide: factory, useClass: factory }, made];
}
