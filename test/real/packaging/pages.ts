import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './tarball.js';

/**
 * The files that a page shows: every block of TypeScript that names its file in a comment on its first line,
 * `// src/app.module.ts`, by that name. For CommonJS without the endings of relative imports, as the pages have it.
 */
export async function filesOf(
  page: 'README.md' | `docs/${string}.md`,
  type: 'module' | 'commonjs',
): Promise<Record<string, string>> {
  const text = await readFile(join(root, page), 'utf8');
  const blocks = text.matchAll(/^```ts\n\/\/ (src\/\S+\.ts)\n(.*?)^```$/gms);
  return Object.fromEntries(
    [...blocks].map(([, name, code]) => [
      name!,
      type === 'module' ? code! : code!.replaceAll(/ from '(\.\/.*)\.js';/g, " from '$1';"),
    ]),
  );
}

/** The Jest configuration that docs/testing.md shows for older versions of Node. */
export async function jestConfig(): Promise<object> {
  const text = await readFile(join(root, 'docs/testing.md'), 'utf8');
  const [, json] = /^```json\n(\{\n\s*"transform".*?)^```$/ms.exec(text) ?? [];
  return JSON.parse(json ?? '') as object;
}
