import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type ts from 'typescript';

/** The API of the TypeScript compiler. */
export type TypeScript = typeof ts;

/** Packages that bring TypeScript along, where the project has none or one without an API. */
const BRINGERS = ['@nestjs/cli/package.json', '@nestjs/schematics/package.json'];

/**
 * Loads TypeScript as the project has it, otherwise that of the Nest CLI: TypeScript 7 has no API.
 *
 * @param folder of the project
 * @param program the running program, such as the Nest CLI, which may be installed globally
 * @throws Error when neither has a TypeScript with an API
 */
export function loadTypeScript(folder: string, program: string | undefined): TypeScript {
  const origins = [join(folder, 'package.json'), ...(program === undefined ? [] : [program])];
  for (const origin of origins) {
    for (const bringer of [undefined, ...BRINGERS]) {
      const found = requireFrom(origin, bringer);
      if (found) return found;
    }
  }
  throw new Error(
    'Expected the package "typescript" in version 5 or 6, found none. Run: npm install --save-dev typescript@6',
  );
}

function requireFrom(origin: string, bringer: string | undefined): TypeScript | undefined {
  try {
    const require = createRequire(pathToFileURL(origin));
    const loaded = (bringer === undefined ? require : createRequire(require.resolve(bringer)))(
      'typescript',
    ) as Partial<TypeScript>;
    return typeof loaded.createSourceFile === 'function' ? loaded : undefined;
  } catch {
    return undefined;
  }
}
