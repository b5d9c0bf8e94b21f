import { type ModuleRef } from '@nestjs/core';

/** Returns a provider that its module does not export. Undefined when the application does not import the module. */
export function findProvider(modules: ModuleRef, token: symbol): unknown {
  try {
    return modules.get<unknown>(token, { strict: false });
  } catch {
    return undefined;
  }
}
