import { type ModulesContainer } from '@nestjs/core';

type Module = NonNullable<ReturnType<ModulesContainer['get']>>;

/** Whether Nest gives `token` to a class or factory of one of the modules. */
export function isInjected(token: unknown, modules: readonly Module[]): boolean {
  return modules
    .flatMap(({ providers, controllers, injectables, middlewares }) =>
      [providers, controllers, injectables, middlewares].flatMap((kind) => [...kind.values()]),
    )
    .flatMap((wrapper) => {
      // Both are undefined until the class has been resolved, whatever the types say.
      const parameters = wrapper.getCtorMetadata() as (typeof wrapper)[] | undefined;
      const properties = wrapper.getPropertiesMetadata() as { wrapper: typeof wrapper }[] | undefined;
      return [...(parameters ?? []), ...(properties ?? []).map((property) => property.wrapper)];
    })
    .some((dependency) => (dependency as typeof dependency | undefined)?.token === token);
}
