/** Runs test/fuzz/main.ts, also on a fresh checkout: first installs the dependencies. */
import { runTypeScript } from './run-typescript.mjs';

await runTypeScript('test/fuzz/main.ts');
