/** Writes the packages of `packages.mjs` as few CommonJS files into the folder that is the argument. */
import { rolldown } from 'rolldown';
import { INSIDE, ENTRIES, ROOT } from './packages.mjs';

const bundle = await rolldown({
  cwd: ROOT,
  input: Object.fromEntries(ENTRIES.map((name) => [name.replace(/\.js$/, ''), name])),
  platform: 'node',
  treeshake: false,
  external: isExternal,
});
await bundle.write({
  dir: process.argv[2],
  format: 'cjs',
  entryFileNames: '[name].cjs',
  chunkFileNames: '[name].cjs',
  codeSplitting: { groups: [{ name: packageOf }] },
});

function isExternal(id, importer) {
  if (!importer || id.startsWith('.') || id.startsWith('/') || INSIDE.test(id)) return false;
  return id.startsWith('node:') || importer.includes('/node_modules/@nestjs/');
}

/** One file a package of Nest, since a spec loads few of them; a dependency is in the file of the package that imports it. */
function packageOf(file) {
  return /node_modules\/@nestjs\/([^/]+)\//.exec(file)?.[1];
}
