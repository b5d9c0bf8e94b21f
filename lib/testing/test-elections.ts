import { type Clock } from '../common/clock.js';
import { silentLogger } from '../common/logger.js';
import { createElections } from '../election/create-elections.js';
import { type ElectionClient } from '../election/election-client.js';
import { type RegistrySource } from '../registry/registry-source.js';
import { memory } from '../registries/memory/memory.js';

/** Options of {@link testElections}. */
export interface TestElectionOptions {
  /** The clock that a test advances, such as a `VirtualClock`. */
  readonly clock: Clock;
  /**
   * The registry. Pass the same `memory()` to two calls to have two instances compete.
   *
   * @default a registry of its own
   */
  readonly registry?: RegistrySource;
  /**
   * Seconds.
   *
   * @default 10
   */
  readonly ttl?: number;
  /**
   * Name of the instance in the records.
   *
   * @default 'test'
   */
  readonly name?: string;
}

/** Elections and locks of one instance in a test. */
export interface TestElections extends ElectionClient {
  /**
   * Releases every record, ends the session and closes the connection to the registry.
   *
   * @param graceMs milliseconds that running jobs may take to end
   */
  close(graceMs: number): Promise<void>;
}

/**
 * Makes the elections and locks of one instance on the clock of a test: the ones that run in production, on a registry in
 * memory. Fake timers of the test runner do not affect them.
 *
 * ```ts
 * const clock = new VirtualClock();
 * const registry = memory();
 * const one = await testElections({ clock, registry });
 * const two = await testElections({ clock, registry });
 * one.of('reports').campaign();
 * await clock.advance(100);
 * two.of('reports').campaign();
 * await clock.advance(100); // one leads
 * void one.of('reports').resign();
 * await clock.advance(100); // two leads
 * ```
 */
export async function testElections(options: TestElectionOptions): Promise<TestElections> {
  const { clock, registry: source = memory(), ttl = 10, name = 'test' } = options;
  const deps = { clock, random: Math.random, logger: silentLogger };
  const registry = await source.open(deps);
  const client = createElections({ ...deps, registry, ttl, name });
  return {
    locks: client.locks,
    get ttl() {
      return client.ttl;
    },
    of: (election) => client.of(election),
    dump: () => client.dump(),
    pause: () => client.pause(),
    resume: () => {
      client.resume();
    },
    shutdown: () => {
      client.shutdown();
    },
    close: async (graceMs) => {
      await client.close(graceMs);
      await registry.close();
    },
  };
}
