/**
 * `npm run lint`: lints the files whose result may differ from their last clean one. `--all` lints every file, `--fix`
 * repairs what it can.
 */
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { LintCache } from './lint/cache.mjs';
import { keysOf } from './lint/keys.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = new Set(process.argv.slice(2));
const keys = await keysOf(root);
const cache = await LintCache.open(root);
const files = [...keys.keys()].filter((file) => args.has('--all') || !cache.isClean(file, keys.get(file)));
if (files.length > 0) {
  const eslint = new ESLint({ cwd: root, fix: args.has('--fix'), warnIgnored: false });
  const results = await eslint.lintFiles(files);
  await ESLint.outputFixes(results);
  // The keys are of the files before repairs, so that repaired files are linted again.
  await cache.store(keys, results);
  const text = await (await eslint.loadFormatter('stylish')).format(results);
  if (text) console.log(text);
  process.exitCode = results.some(({ messages }) => messages.length > 0) ? 1 : 0;
}
