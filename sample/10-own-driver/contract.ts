/** Runs the contract suite over the driver, without a test runner: `node sample/dist/10-own-driver/contract.js`. */
import { registryContract, systemClock } from 'nestjs-sidekick/testing';
import { httpRegistry } from './http-registry.js';
import { startStore } from './store.js';

const logger = { log: () => undefined, warn: console.warn, error: console.error };
const deps = { clock: systemClock, random: Math.random, logger };

const cases = registryContract({
  name: 'the store',
  capabilities: { elections: false, reportsMissing: false },
  // For a busy machine.
  expiryMs: 20_000,
  open: async () => {
    const store = await startStore(0);
    return {
      connect: async () => await httpRegistry(store.url).open(deps),
      close: async () => await store.stop(),
    };
  },
});

let passed = 0;
for (const { name, run } of cases) {
  try {
    await run();
    passed += 1;
  } catch (error) {
    process.exitCode = 1;
    console.error(`${name}:`, error);
  }
}
console.log(`${passed} of ${cases.length} cases passed`);
