import { applies, type Case } from './cases/case.js';
import { connection } from './cases/connection.js';
import { names } from './cases/names.js';
import { sessions } from './cases/sessions.js';
import { values } from './cases/values.js';
import { watches } from './cases/watches.js';
import { writes } from './cases/writes.js';
import { type ContractCase, type ContractSubject, type RegistryContract } from './contract.js';
import { World } from './world.js';

export type * from './contract.js';

const CASES: readonly Case[] = [...connection, ...writes, ...sessions, ...watches, ...values, ...names];

/** Milliseconds allowed for a case that waits for no expiry. */
const BASE_TIMEOUT_MS = 30_000;

/**
 * The suite every registry driver passes, as plain asynchronous functions: whichever test runner calls them, they
 * reject where the driver breaks the port's promises. Cases for what the registry cannot do are left out.
 */
export function registryContract<S extends ContractSubject>(
  contract: RegistryContract<S>,
): readonly ContractCase[] {
  const expiry = contract.expiryMs ?? (contract.ttl ?? 2) * 1_000 + 3_000;
  return CASES.filter((one) => applies(one, contract)).map(({ name, expiries = 0, check }) => ({
    name,
    timeoutMs: BASE_TIMEOUT_MS + expiries * expiry,
    run: async () => {
      const world = await World.open(contract);
      try {
        await check(world);
      } finally {
        await world.end();
      }
    },
  }));
}

/** What the suite needs of a test runner: jest, vitest and mocha have both as globals. */
export interface ContractRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>, timeout?: number) => unknown;
}

function globals(): ContractRunner {
  const scope: object = globalThis;
  return scope as ContractRunner;
}

/**
 * Registers {@link registryContract} as a suite.
 *
 * ```ts
 * describeRegistryContract({
 *   name: 'my registry',
 *   open: async () => ({ connect: () => myRegistry().open(deps) }),
 * });
 * ```
 *
 * @param runner `describe` and `it` of the test runner; the globals of that name unless given
 */
export function describeRegistryContract<S extends ContractSubject>(
  contract: RegistryContract<S>,
  runner: ContractRunner = globals(),
): void {
  runner.describe(`${contract.name} keeps the registry contract:`, () => {
    for (const { name, run, timeoutMs } of registryContract(contract)) runner.it(name, run, timeoutMs);
  });
}
