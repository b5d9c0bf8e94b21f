/** One application that keeps any number of keys alive. */
import { LocalRegistrar } from '../../../lib/registration/local-registrar.js';
import { clockTicker } from '../../../lib/registration/ticker.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { type EntryRecord } from '../../../lib/registry/entry-record.js';
import { registrySource } from '../../../lib/registries/registry-url.js';
import { monotonic, until } from '../../harness/wait.js';
import { serve, settings } from '../../harness/worker-side.js';

export interface ManySettings {
  readonly url: string;
  /** Seconds between two computations of each value. */
  readonly updateInterval: number;
}

/** The keys it keeps, sent after it starts: too long for a command line. */
export type ManyKeys = readonly { readonly key: string; readonly ttl: number }[];

/** The failure of a value function. */
export type Misbehaviour = 'throws' | 'hangs' | 'is too long';

/** The reports of a heartbeat. */
export interface Said {
  readonly at: number;
  readonly key: string;
  readonly type: string;
}

const TOO_LONG = 'x'.repeat(70_000);

const { url, updateInterval } = settings() as ManySettings;
const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
const registry = await registrySource(url, {}).open(deps);
const keeper = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(systemClock), name: 'many' });
const misbehaving = new Map<string, Misbehaviour>();
const said: Said[] = [];
keeper.onEvent(({ key, type }) => said.push({ at: monotonic(), key, type }));

async function value(key: string): Promise<EntryRecord> {
  switch (misbehaving.get(key)) {
    case 'throws':
      throw new Error('no value today');
    case 'hangs':
      return await new Promise(() => undefined);
    case 'is too long':
      return { kind: 'key', key, value: TOO_LONG };
    case undefined:
      return { kind: 'key', key, value: 'here' };
  }
}

serve({
  start: async (keys: ManyKeys) => {
    const kept = keys.map(async ({ key, ttl }) => {
      const { first } = await keeper.register(key, () => value(key), {
        ttl,
        updateInterval,
        exclusive: false,
      });
      // It retries if the machine was too busy for the first attempt.
      await first.catch(() => undefined);
    });
    await Promise.all(kept);
    const up = (): boolean => keeper.statuses.every(({ state }) => state === 'alive');
    await until('every key to be kept', up, { deadline: 60_000 });
    said.length = 0;
  },
  misbehave: ({ key, how }: { key: string; how: Misbehaviour }) => void misbehaving.set(key, how),
  said: () => said,
  beats: () => keeper.statuses.map(({ key, state }) => ({ key, state })),
  /** Microseconds of processor time so far. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  stop: async () => {
    await keeper.close();
    await registry.close();
  },
});
