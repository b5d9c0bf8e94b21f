import { ServiceCache } from '../../../lib/discovery/service-cache.js';
import { type ServiceSelection } from '../../../lib/discovery/service-selection.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { RegistryUnavailableError } from '../../../lib/common/errors/index.js';
import { SIGN_OF_LIFE_MS } from '../../../lib/registry/registry.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { monotonic, sleep, until } from '../../harness/wait.js';
import { follow, ids, instance, never, open } from './support.js';

const SERVICES = 400;
/** Seconds for a request among many, on a slow machine. */
const PATIENT = { timeout: 20 };
const deps = { clock: systemClock, random: Math.random, logger: silentLogger };

describe('Many watches on an agent that admits 200 connections', () => {
  let agent: ConsulAgent;
  beforeAll(async () => {
    agent = await startConsul();
  });
  afterAll(async () => {
    await agent.stop();
  });

  it(`follows ${SERVICES} services beside a heartbeat: all stay fresh, a change is seen, and the key lives`, async () => {
    const registry = await open(agent, PATIENT);
    const session = await registry.openSession({ ttl: 10 }, never());
    expect(await session.write(instance({ service: 's0', id: 'own' }), undefined, never())).toMatchObject({
      ok: true,
    });
    const renewals: number[] = [];
    const renewing = new AbortController();
    const heartbeat = (async () => {
      while (!renewing.signal.aborted) {
        const began = monotonic();
        expect((await session.renew(never())).missing).toEqual([]);
        renewals.push(monotonic() - began);
        await sleep(500);
      }
    })();
    const directory = new ServiceCache(deps);
    await directory.start(registry);
    const views = Array.from({ length: SERVICES }, (_, i) => directory.watch({ service: `s${i}` }));
    await Promise.all(views.map(async (view) => await view.ready()));

    const went = new Set<ServiceSelection>();
    const end = monotonic() + 2 * SIGN_OF_LIFE_MS;
    while (monotonic() < end) {
      for (const view of views) if (view.freshness.stale) went.add(view);
      await sleep(100);
    }
    expect(went.size).toBe(0);
    const last = views.at(-1)!;
    expect(
      await session.write(instance({ service: `s${SERVICES - 1}`, id: 'new' }), undefined, never()),
    ).toMatchObject({ ok: true });
    await until('the change', () => last.endpoints.some(({ id }) => id === 'new'));
    expect(await ids(registry, 's0')).toEqual(['own']);

    renewing.abort();
    await heartbeat;
    expect(Math.max(...renewals)).toBeLessThan(session.ttl * 1_000);
    await session.end(never());
    await directory.close();
    await registry.close();
  });

  it('stays connected while watches begin and end', async () => {
    const registry = await open(agent, PATIENT);
    const session = await registry.openSession({ ttl: 300 }, never());
    await session.write(instance({ service: 'churned', id: 'own' }), undefined, never());
    for (let round = 0; round < 20; round += 1) {
      const watches = Array.from({ length: 25 }, () => follow(registry, 'churned'));
      await until('the watches to begin', () => watches.every(({ batches }) => batches.length > 0), {
        every: 5,
      });
      await Promise.all(watches.map(async (watch) => await watch.stop()));
      await session.renew(never());
    }
    expect(await ids(registry, 'churned')).toEqual(['own']);
    await session.end(never());
    await registry.close();
  });

  it('names the connection limit when other clients exhaust it', async () => {
    const limited = await startConsul({ config: { limits: { http_max_conns_per_client: 3 } } });
    const registry = await open(limited);
    try {
      const watches = ['a', 'b', 'c', 'd'].map((name) => follow(registry, name));
      const failed = await Promise.race(watches.map(async (watch) => await watch.failed));
      expect(failed).toBeInstanceOf(RegistryUnavailableError);
      expect(failed.message).toContain('limits.http_max_conns_per_client');
    } finally {
      await registry.close();
      await limited.stop();
    }
  });
});
