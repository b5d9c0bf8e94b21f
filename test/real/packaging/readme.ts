import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './tarball.js';

/**
 * The files that README.md shows: every block of TypeScript that names its file in a comment on its first line,
 * `// src/app.module.ts`, by that name.
 */
export async function readmeFiles(): Promise<Record<string, string>> {
  const text = await readFile(join(root, 'README.md'), 'utf8');
  const blocks = text.matchAll(/^```ts\n\/\/ (src\/\S+\.ts)\n(.*?)^```$/gms);
  return Object.fromEntries([...blocks].map(([, name, code]) => [name!, code!]));
}
