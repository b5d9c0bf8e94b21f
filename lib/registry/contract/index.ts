import { applies, type Case } from './cases/case.js';
import { connection } from './cases/connection.js';
import { elections } from './cases/elections.js';
import { enumeration } from './cases/enumeration.js';
import { names } from './cases/names.js';
import { sessions } from './cases/sessions.js';
import { values } from './cases/values.js';
import { watches } from './cases/watches.js';
import { writes } from './cases/writes.js';
import { type ContractCase, type ContractSubject, type RegistryContract } from './contract.js';
import { World } from './world.js';

export type * from './contract.js';

const CASES: readonly Case[] = [
  ...connection,
  ...writes,
  ...sessions,
  ...watches,
  ...values,
  ...names,
  ...elections,
  ...enumeration,
];

/** The timeout of a case that waits for no expiry. */
const BASE_TIMEOUT_MS = 120_000;

/**
 * Returns the contract suite of registry drivers as asynchronous functions for any test runner. A function rejects if the
 * driver violates the contract. Cases for features that the registry lacks are left out.
 */
export function registryContract<S extends ContractSubject>(
  contract: RegistryContract<S>,
): readonly ContractCase[] {
  const expiry = contract.expiryMs ?? (contract.ttl ?? 2) * 1_000 + 3_000;
  return CASES.filter((one) => applies(one, contract)).map(
    ({ name, timeoutMs = BASE_TIMEOUT_MS, expiries = 0, check }) => ({
      name,
      timeoutMs: timeoutMs + expiries * expiry,
      run: async () => {
        const world = await World.open(contract);
        try {
          await check(world);
        } finally {
          await world.end();
        }
      },
    }),
  );
}

/** The functions of a test runner that the suite uses. Jest, Vitest and Mocha provide both as globals. */
export interface ContractRunner {
  /** Groups cases. */
  readonly describe: (name: string, body: () => void) => unknown;
  /** Declares a case with its time limit in milliseconds. */
  readonly it: (name: string, body: () => Promise<void>, timeout?: number) => unknown;
}

function globals(): ContractRunner {
  const scope: object = globalThis;
  return scope as ContractRunner;
}

/**
 * Registers the cases of {@link registryContract} with a test runner.
 *
 * ```ts
 * describeRegistryContract({
 *   name: 'my registry',
 *   open: async () => ({ connect: () => myRegistry().open(deps) }),
 * });
 * ```
 *
 * @param runner `describe` and `it` of the test runner; defaults to the globals of these names
 */
export function describeRegistryContract<S extends ContractSubject>(
  contract: RegistryContract<S>,
  runner: ContractRunner = globals(),
): void {
  runner.describe(`${contract.name} fulfils the registry contract:`, () => {
    for (const { name, run, timeoutMs } of registryContract(contract)) runner.it(name, run, timeoutMs);
  });
}
