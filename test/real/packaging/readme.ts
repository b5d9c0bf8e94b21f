import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './tarball.js';

/**
 * The files that README.md shows: every block of TypeScript that names its file in a comment on its first line,
 * `// src/app.module.ts`, by that name. For CommonJS without the endings of relative imports, as README.md has it.
 */
export async function readmeFiles(type: 'module' | 'commonjs'): Promise<Record<string, string>> {
  const text = await readFile(join(root, 'README.md'), 'utf8');
  const blocks = text.matchAll(/^```ts\n\/\/ (src\/\S+\.ts)\n(.*?)^```$/gms);
  return Object.fromEntries(
    [...blocks].map(([, name, code]) => [
      name!,
      type === 'module' ? code! : code!.replaceAll(/ from '(\.\/.*)\.js';/g, " from '$1';"),
    ]),
  );
}

/** The Jest configuration that README.md shows for applications of CommonJS modules. */
export async function readmeJestConfig(): Promise<object> {
  const text = await readFile(join(root, 'README.md'), 'utf8');
  const [, json] = /^```json\n(\{\n\s*"transform".*?)^```$/ms.exec(text) ?? [];
  return JSON.parse(json ?? '') as object;
}
