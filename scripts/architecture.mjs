/** `npm run docs:architecture`: writes the folders and their dependencies into docs/architecture.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { withPicture } from './architecture/picture.mjs';

const path = fileURLToPath(new URL('../docs/architecture.md', import.meta.url));
const page = withPicture(await readFile(path, 'utf8'));
await writeFile(path, await format(page, { ...(await resolveConfig(path)), filepath: path }));
