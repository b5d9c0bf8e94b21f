import { type INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import * as client from 'prom-client';
import { silentLogger } from '../../../lib/common/logger.js';
import { DiscoveryService, Elections, PilotedModule, Sidekick, SidekickModule } from '../../../lib/index.js';
import { SidekickMetricsModule } from '../../../lib/metrics/index.js';
import { type StoppableRegistry } from '../../harness/stoppable-registry.js';
import { until } from '../../harness/wait.js';

/** Instances that are replaced at once. */
const BATCH = 20;

/** Seconds. A busy machine must not let it pass without an outage. */
const TTL = 6;

/**
 * What a scrape shows of a real registry, also while it is stopped.
 *
 * @param replaced the number of instances that are replaced by others
 */
export function describeMetrics(
  driver: string,
  replaced: number,
  start: () => Promise<StoppableRegistry>,
): void {
  describe(`SidekickMetricsModule on ${driver}`, () => {
    let world: StoppableRegistry;
    let register: client.Registry;
    let app: INestApplicationContext;

    beforeAll(async () => {
      world = await start();
    });
    beforeEach(async () => {
      register = new client.Registry();
      const options = { registry: world.url, logger: silentLogger };
      app = await Test.createTestingModule({
        imports: [
          SidekickModule.forRoot({
            ...options,
            service: { name: 'shop', address: '10.0.0.1', port: 80 },
            ttl: TTL,
          }),
          PilotedModule.forRoot({ ...options, services: ['shop', 'web'] }),
          SidekickMetricsModule.forRoot({ client, register }),
        ],
      }).compile();
      await app.init();
    });
    afterEach(async () => {
      await app.close();
    });
    afterAll(async () => {
      await world.stop();
    });

    /** The value of a series as the scrape has it, such as `sidekick_panic{service_name="web"}`. */
    async function scraped(...series: readonly string[]): Promise<readonly (number | undefined)[]> {
      const lines = (await register.metrics()).split('\n');
      return series.map((name) => {
        const line = lines.find((each) => each.startsWith(`${name} `));
        return line === undefined ? undefined : Number(line.slice(name.length + 1));
      });
    }

    /** Waits until the series have these values. */
    async function scrapes(expected: Readonly<Record<string, number>>): Promise<void> {
      let values: readonly (number | undefined)[] = [];
      await until(
        JSON.stringify(expected),
        async () => {
          values = await scraped(...Object.keys(expected));
          return Object.values(expected).every((value, index) => values[index] === value);
        },
        { every: 100 },
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}: scraped ${JSON.stringify(values)}`);
      });
    }

    it('reports the registration, the list, the connection and the leadership through an outage', async () => {
      const healthy = {
        'sidekick_heartbeat_up{key="shop"}': 1,
        'sidekick_service_endpoints{service_name="shop",state="active"}': 1,
        'sidekick_service_stale{service_name="shop"}': 0,
        [`sidekick_registry_connected{registry="${driver}"}`]: 1,
        'sidekick_election_leader{name="daily"}': 1,
      };
      app.get(Elections).of('daily').campaign();
      await scrapes({
        ...healthy,
        'sidekick_heartbeat_lost_total{key="shop",reason="expired"}': 0,
        'sidekick_election_changes_total{name="daily",type="elected"}': 1,
      });

      await world.kill();
      await scrapes({
        'sidekick_heartbeat_up{key="shop"}': 0,
        'sidekick_heartbeat_lost_total{key="shop",reason="expired"}': 1,
        'sidekick_service_endpoints{service_name="shop",state="active"}': 1,
        'sidekick_service_stale{service_name="shop"}': 1,
        [`sidekick_registry_connected{registry="${driver}"}`]: 0,
        'sidekick_election_leader{name="daily"}': 0,
      });
      const age = 'sidekick_service_list_age_seconds{service_name="shop"}';
      await until('the age of the list to grow', async () => ((await scraped(age))[0] ?? 0) > 2);

      await world.restart();
      await scrapes({
        ...healthy,
        'sidekick_heartbeat_restored_total{key="shop"}': 1,
        'sidekick_heartbeat_lost_total{key="shop",reason="expired"}': 1,
        'sidekick_election_changes_total{name="daily",type="elected"}': 2,
      });
      expect((await scraped(age))[0]).toBeLessThan(60);
    });

    it('measures requests, renewals and the propagation of an own write', async () => {
      await scrapes({ 'sidekick_heartbeat_up{key="shop"}': 1 });
      await app.get(Sidekick).update({ meta: { release: '2' } });
      const [propagated, written, renewed] = await until('all three', async () => {
        const values = await scraped(
          `sidekick_propagation_seconds_count{registry="${driver}"}`,
          `sidekick_registry_requests_total{registry="${driver}",operation="write",outcome="ok"}`,
          'sidekick_heartbeat_renewals_total{key="shop"}',
        );
        return values.every((value) => value !== undefined && value > 0) ? values : undefined;
      });
      expect(propagated).toBeLessThanOrEqual(written!);
      expect(renewed).toBeGreaterThan(0);
      const [sum] = await scraped(`sidekick_propagation_seconds_sum{registry="${driver}"}`);
      expect(sum).toBeLessThan(60);
    });

    it(`has as many series after ${replaced} replaced instances as before`, async () => {
      const handle = app.get(DiscoveryService).of('web');
      const sidekick = app.get(Sidekick);
      // A slow answer of the registry adds the series of an error, once for each operation.
      const count = async (): Promise<number> =>
        (await register.metrics())
          .split('\n')
          .filter((line) => line !== '' && !line.startsWith('#') && !line.includes('outcome="error"')).length;
      /** Starts and ends instances. */
      const replace = async (from: number, instances: number): Promise<void> => {
        const started = await Promise.all(
          Array.from({ length: instances }, (_, n) =>
            sidekick.announce({
              name: 'web',
              id: `web-${from + n}`,
              address: '10.0.1.1',
              port: 1_000 + from + n,
            }),
          ),
        );
        await until('the new instances', () => handle.endpoints.length >= instances);
        await handle.call(() => Promise.resolve());
        await Promise.all(started.map((each) => each.stop()));
        await until('the end of the instances', () => handle.endpoints.length === 0);
      };
      // Everything that one instance causes once: a write, a renewal, a write that is seen, a removal.
      const first = await sidekick.announce({ name: 'web', id: 'first', address: '10.0.1.1', port: 80 });
      await scrapes({ 'sidekick_heartbeat_up{key="shop"}': 1 });
      await sidekick.update({ meta: { release: '2' } });
      await until('a renewal and a propagation', async () => {
        const values = await scraped(
          'sidekick_heartbeat_renewals_total{key="web"}',
          `sidekick_propagation_seconds_count{registry="${driver}"}`,
        );
        return values.every((value) => value !== undefined && value > 0);
      });
      await first.stop();
      await replace(0, BATCH);
      const before = await count();
      for (let from = BATCH; from <= replaced; from += BATCH) await replace(from, BATCH);
      expect(await count()).toBe(before);
    });
  });
}
