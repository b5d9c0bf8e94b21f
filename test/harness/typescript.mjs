// node --import ./test/harness/typescript.mjs script.ts: runs TypeScript of this repository as it is.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
