// npm run bench -- [--only NAME]: every benchmark, or one.
import { parseArgs } from 'node:util';

const BENCHES: Readonly<Record<string, () => Promise<unknown>>> = {
  pick: () => import('./pick.js'),
  boot: () => import('./boot.js'),
  calls: () => import('./calls.js'),
  rpc: () => import('./rpc.js'),
};

const { only } = parseArgs({ options: { only: { type: 'string' } } }).values;
const names = only === undefined ? Object.keys(BENCHES) : [only];
for (const name of names) {
  const run = BENCHES[name];
  if (!run)
    throw new Error(`Expected --only to be one of ${Object.keys(BENCHES).join(', ')}, got "${name}".`);
  await run();
  console.log();
}
