import { ClosedError } from '../../../lib/common/errors/index.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { type EntryRecord, type KeyRecord } from '../../../lib/registry/entry-record.js';
import {
  type Registrar,
  type Registration,
  type RegistrationOptions,
} from '../../../lib/registration/registrar.js';
import { memory, type MemorySource } from '../../../lib/registries/memory/memory.js';
import { FaultyRegistry } from '../../../lib/testing/faulty-registry.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { type RegistrationEvent } from '../../../lib/registration/registration-status.js';
import { LocalRegistrar } from '../../../lib/registration/local-registrar.js';
import { clockTicker } from '../../../lib/registration/ticker.js';

export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

export const OPTIONS: RegistrationOptions = { ttl: 9, updateInterval: 8, exclusive: false };

export const key =
  (name: string, value: string): (() => EntryRecord) =>
  () => ({ kind: 'key', key: name, value });

export const types = (events: readonly RegistrationEvent[]): string[] =>
  events.map(({ type, reason }) => reason ?? type);

/** Closes a registrar while it computes a first value: that is aborted, and leaves no timer. */
export async function expectFirstValueAborted(registrar: Registrar, clock: VirtualClock): Promise<void> {
  let given: AbortSignal | undefined;
  const registering = registrar.register(
    'k',
    (signal) => {
      given = signal;
      return new Promise(() => undefined);
    },
    OPTIONS,
  );
  const refused = expect(registering).rejects.toThrow(ClosedError);
  await clock.advance(0);
  const closing = registrar.close();
  await clock.advance(0);
  await closing;
  expect(given?.aborted).toBe(true);
  expect(clock.pending).toBe(0);
  await refused;
}

export class World {
  readonly clock = new VirtualClock();
  readonly source: MemorySource = memory();
  readonly warnings: string[] = [];
  private readonly registrars: LocalRegistrar[] = [];

  /** Registers `k` and waits for the first write. */
  async register(
    registrar: LocalRegistrar,
    value = 'v',
    options: Partial<RegistrationOptions> = {},
    name = 'k',
  ): Promise<Registration> {
    const registering = registrar.register(name, key(name, value), { ...OPTIONS, ...options });
    await this.clock.advance(50);
    const registration = await registering;
    await registration.first;
    return registration;
  }

  async registrar(
    seed = 1,
    source = this.source,
  ): Promise<{ registrar: LocalRegistrar; registry: FaultyRegistry; events: RegistrationEvent[] }> {
    const deps = { clock: this.clock, random: seeded(seed), logger: silentLogger };
    const registry = new FaultyRegistry(await source.open(deps), this.clock);
    const logger = { ...silentLogger, warn: (text: string) => void this.warnings.push(text) };
    const registrar = new LocalRegistrar({
      ...deps,
      logger,
      registry,
      ticker: clockTicker(this.clock),
      name: 'test',
      applicationId: 'app',
    });
    const events: RegistrationEvent[] = [];
    registrar.onEvent((event) => events.push(event));
    this.registrars.push(registrar);
    return { registrar, registry, events };
  }

  value(key: string): string | undefined {
    return (this.source.store.entry({ kind: 'key', key })?.record as KeyRecord | undefined)?.value;
  }

  async close(): Promise<void> {
    const closing = Promise.all(this.registrars.map((registrar) => registrar.close()));
    await this.clock.advance(5_000);
    await closing;
  }
}
