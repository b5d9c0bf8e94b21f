import { type Type } from '@nestjs/common';
import { type ModuleRef, type ModulesContainer } from '@nestjs/core';
import { InvalidOptionError } from '../common/errors/index.js';

/** The part of Nest's container that stores dynamic modules. It is a private member of `ModuleRef`. */
interface Container {
  getDynamicMetadataByToken?(token: string, key: 'imports'): readonly unknown[];
}

interface ModuleImport {
  /** The name of the importing module. */
  readonly by: string;
  /** Whether the class itself is imported instead of the result of `forRoot()`. */
  readonly bare: boolean;
}

/**
 * Checks that an application imports a module once, by `forRoot()` or `forRootAsync()`. Called before any registry is
 * opened.
 *
 * @param token A token that `forRoot()` and `forRootAsync()` provide, and the bare class does not.
 * @param advice What to do instead of a second `forRoot()`, as a sentence.
 * @throws InvalidOptionError that names the importing modules
 */
export function checkRootModule(
  type: Type,
  token: symbol,
  advice: string,
  modules: ModulesContainer,
  moduleRef: ModuleRef,
): void {
  const roots = [...modules.values()].filter(({ metatype }) => metatype === type);
  const bare = roots.some((module) => !module.hasProvider(token));
  if (roots.length < 2 && !bare) return;
  const imports = importsOf(type, modules, moduleRef);
  if (bare) {
    const by = named(imports.filter((each) => each.bare));
    throw bareModuleError(type.name, `the imports of ${by}`);
  }
  throw new InvalidOptionError(
    `Expected ${type.name}.forRoot() to be imported once, got ${roots.length} times: by ${named(imports)}. Import it only in the root module; it is global. ${advice}`,
  );
}

/** The error of an application that imports the class of a module instead of the result of `forRoot()`. */
export function bareModuleError(name: string, where: string): InvalidOptionError {
  return new InvalidOptionError(
    `Expected ${name}.forRoot() or forRootAsync() in ${where}, got the class ${name} itself. Import ${name}.forRoot() once, in the root module; it is global.`,
  );
}

function named(imports: readonly ModuleImport[]): string {
  return imports.map(({ by }) => by).join(' and by ') || 'another module';
}

function importsOf(type: Type, modules: ModulesContainer, moduleRef: ModuleRef): readonly ModuleImport[] {
  const { container } = moduleRef as unknown as { readonly container?: Container };
  return [...modules].flatMap(([token, { metatype, name }]) => {
    const given = (Reflect.getMetadata('imports', metatype) as readonly unknown[] | undefined) ?? [];
    const dynamic = container?.getDynamicMetadataByToken?.(token, 'imports') ?? [];
    return [...given, ...dynamic]
      .map(resolved)
      .filter((each) => each === type || moduleOf(each) === type)
      .map((each) => ({ by: name, bare: each === type }));
  });
}

function resolved(given: unknown): unknown {
  const { forwardRef } = (given ?? {}) as { readonly forwardRef?: () => unknown };
  return typeof forwardRef === 'function' ? forwardRef() : given;
}

function moduleOf(given: unknown): unknown {
  return (given as { readonly module?: unknown } | null | undefined)?.module;
}
