import { type ModulesContainer } from '@nestjs/core';

type Module = NonNullable<ReturnType<ModulesContainer['get']>>;

/** Whether a class or factory of one of the modules injects `token`. */
export function isInjected(token: unknown, modules: readonly Module[]): boolean {
  return modules
    .flatMap(({ providers, controllers, injectables, middlewares }) =>
      [providers, controllers, injectables, middlewares].flatMap((kind) => [...kind.values()]),
    )
    .flatMap((wrapper) => {
      // Despite their types, both are undefined until the class has been resolved.
      const parameters = wrapper.getCtorMetadata() as (typeof wrapper)[] | undefined;
      const properties = wrapper.getPropertiesMetadata() as { wrapper: typeof wrapper }[] | undefined;
      return [...(parameters ?? []), ...(properties ?? []).map((property) => property.wrapper)];
    })
    .some((dependency) => (dependency as typeof dependency | undefined)?.token === token);
}
