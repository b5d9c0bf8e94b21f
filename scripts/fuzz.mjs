/** Runs test/fuzz/main.ts on a fresh checkout: installs the dependencies before. */
import { runTypeScript } from './run-typescript.mjs';

await runTypeScript('test/fuzz/main.ts');
