import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ServiceCache } from '../../lib/discovery/service-cache.js';
import { EtcdTransport } from '../../lib/etcd-client/transport.js';
import { type EtcdConnection } from '../../lib/etcd-client/connection.js';
import { LocalRegistrar } from '../../lib/registration/local-registrar.js';
import { clockTicker } from '../../lib/registration/ticker.js';
import { silentLogger } from '../../lib/common/logger.js';
import { EtcdLayout } from '../../lib/registries/etcd/etcd-layout.js';
import { EtcdRegistry } from '../../lib/registries/etcd/etcd-registry.js';
import { type KeyRecord } from '../../lib/registry/entry-record.js';
import { memory } from '../../lib/registries/memory/memory.js';
import { type Registry } from '../../lib/registry/registry.js';
import { FaultyRegistry, type RequestKind } from '../../lib/testing/faulty-registry.js';
import { VirtualClock } from '../../lib/testing/virtual-clock.js';
import { runs } from '../harness/in-memory/runs.js';

const HOUR = 3_600_000;

/** How long it is unavailable, in hours of virtual time; `HOURS_WITHOUT_REGISTRY=168` is a week, and takes minutes. */
const HOURS = Number(process.env.HOURS_WITHOUT_REGISTRY ?? runs(0.75, 3));
const AWAY = HOURS * HOUR;
/** Of that, before the memory is measured. */
const WARM_UP = AWAY / 3;

/** Milliseconds a test may take. */
const PATIENCE = 180_000 + HOURS * 6_000;

/** Milliseconds: the longest wait while a registry is unavailable, and the longest duration of one attempt. */
const LONGEST = 4_000;

/** Bytes by which hours of tries may differ from an hour of them: what the garbage collector leaves to chance. */
const NOISE = 1_000_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** When something was tried: how often, and the longest it went untried. */
class Tries {
  count = 0;
  longest = 0;
  private last: number | undefined;

  constructor(private readonly clock: VirtualClock) {}

  note(): void {
    const now = this.clock.now();
    if (this.last !== undefined) this.longest = Math.max(this.longest, now - this.last);
    this.last = now;
    this.count += 1;
  }
}

/** A registry that notes when each kind of request was tried. */
class Noted extends FaultyRegistry {
  readonly tries = new Map<RequestKind, Tries>();

  constructor(
    inner: Registry,
    private readonly time: VirtualClock,
  ) {
    super(inner, time);
    const { tries } = this;
    const set = this.requests.set.bind(this.requests);
    this.requests.set = (kind, count) => {
      const noted = tries.get(kind) ?? new Tries(this.time);
      tries.set(kind, noted);
      noted.note();
      return set(kind, count);
    };
  }
}

/** A heartbeat of one key, and a service that is followed, by one registry. */
async function application(
  registry: Registry,
  clock: VirtualClock,
): Promise<{ readonly keeper: LocalRegistrar; readonly directory: ServiceCache; close(): Promise<void> }> {
  // The longest wait each time: the hours are long enough as they are.
  const deps = { clock, random: () => 1 - Number.EPSILON, logger: silentLogger };
  const keeper = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(clock), name: 'test' });
  const directory = new ServiceCache(deps);
  await directory.start(registry);
  directory.watch({ service: 'web' });
  const record: KeyRecord = { kind: 'key', key: 'k', value: 'v' };
  const keeping = keeper.register('k', () => record, { ttl: 10, updateInterval: 3_600, exclusive: false });
  await clock.advance(100);
  await keeping;
  const close = async (): Promise<void> => {
    const closing = Promise.all([keeper.close(), directory.close()]);
    await clock.advance(10_000);
    await closing;
    await registry.close();
  };
  return { keeper, directory, close };
}

describe(`${HOURS} hours without a registry`, () => {
  it(
    'heartbeats and watches keep trying at their longest interval, in the same memory, and are restored',
    async () => {
      const clock = new VirtualClock();
      const source = memory();
      const deps = { clock, random: Math.random, logger: silentLogger };
      const registry = new Noted(await source.open(deps), clock);
      const { keeper, close } = await application(registry, clock);
      expect(keeper.statuses).toMatchObject([{ state: 'alive' }]);
      const events: string[] = [];
      keeper.onEvent(({ type }) => events.push(type));
      registry.fail('down');
      await clock.advance(WARM_UP);
      const before = { heap: heapUsed(), timers: clock.pending };
      registry.tries.clear();
      await clock.advance(AWAY - WARM_UP);
      expect(heapUsed() - before.heap).toBeLessThan(NOISE);
      expect(clock.pending).toBe(before.timers);
      for (const kind of ['renew', 'list'] as const) {
        const { count, longest } = registry.tries.get(kind)!;
        expect(longest).toBeLessThanOrEqual(LONGEST);
        expect(count).toBeGreaterThanOrEqual(Math.floor((AWAY - WARM_UP) / LONGEST));
        expect(count).toBeLessThan((2 * AWAY) / LONGEST);
      }
      registry.heal();
      await clock.advance(LONGEST + 1_000);
      expect(events).toEqual(['late', 'lost', 'restored']);
      expect(keeper.statuses).toMatchObject([{ state: 'alive' }]);
      await close();
      expect(clock.pending).toBe(0);
    },
    PATIENCE,
  );

  it(
    'the etcd client goes round its endpoints all the time, and leaves no connection behind',
    async () => {
      const clock = new VirtualClock();
      const tries = new Map<string, Tries>();
      let open = 0;
      let most = 0;
      const refuse = (endpoint: string): unknown => {
        const method = async (): Promise<never> => {
          const noted = tries.get(endpoint) ?? new Tries(clock);
          tries.set(endpoint, noted);
          noted.note();
          return await Promise.reject(new Error('14 UNAVAILABLE: No connection established'));
        };
        return new Proxy({}, { get: () => method });
      };
      const transport = await EtcdTransport.create(
        { endpoints: ['http://a:1', 'http://b:1', 'http://c:1'] },
        {
          clock,
          connect: (endpoint) => {
            open += 1;
            most = Math.max(most, open);
            const client = refuse(endpoint);
            const close = (): void => void (open -= 1);
            return { endpoint, kv: client, lease: client, watch: client, close } as unknown as EtcdConnection;
          },
        },
      );
      const registry = new EtcdRegistry('etcd://a,b,c', transport, new EtcdLayout('sidekick'));
      const { close } = await application(registry, clock);
      await clock.advance(WARM_UP);
      const before = { heap: heapUsed(), timers: clock.pending };
      tries.clear();
      await clock.advance(AWAY - WARM_UP);
      expect(heapUsed() - before.heap).toBeLessThan(NOISE);
      expect(clock.pending).toBe(before.timers);
      expect([...tries.keys()].sort()).toEqual(['http://a:1', 'http://b:1', 'http://c:1']);
      for (const { longest } of tries.values()) expect(longest).toBeLessThanOrEqual(LONGEST);
      expect(most).toBeLessThanOrEqual(3);
      await close();
      expect([open, clock.pending]).toEqual([0, 0]);
    },
    PATIENCE,
  );
});
