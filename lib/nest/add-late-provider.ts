import { type FactoryProvider, type Type } from '@nestjs/common';
import { type ModulesContainer } from '@nestjs/core';

/** A provider whose token is a string. */
export type StringProvider<T> = FactoryProvider<T> & { readonly provide: string };

/**
 * Adds a provider to the modules that provide `owner`, and exports it, unless they have it: for a token that the class of a
 * lazy module is the first to name.
 */
export function addLateProvider(
  modules: ModulesContainer,
  owner: Type,
  provider: StringProvider<unknown>,
): void {
  for (const module of modules.values()) {
    if (!module.hasProvider(owner) || module.hasProvider(provider.provide)) continue;
    module.addProvider(provider);
    module.addExportedProviderOrModule(provider.provide);
  }
}
