import { type TestingModule } from '@nestjs/testing';
import { moduleOnClock } from '../../test/harness/in-memory/module-on-clock.js';
import { silentLogger } from '../common/logger.js';
import { DiscoveryService } from '../piloted/discovery.service.js';
import { PilotedModule } from '../piloted/piloted.module.js';
import { memory } from '../registries/memory/memory.js';
import { Sidekick } from '../sidekick/sidekick.service.js';
import { SidekickModule } from '../sidekick/sidekick.module.js';
import { faulty, type FaultySource } from './faulty.js';
import { VirtualClock } from './virtual-clock.js';

describe('A registry whose faults a test commands', () => {
  let clock: VirtualClock;
  let registry: FaultySource;
  let module: TestingModule;

  beforeEach(async () => {
    clock = new VirtualClock();
    registry = faulty(memory());
    module = await moduleOnClock(clock, [
      SidekickModule.forRoot({ registry, key: 'me', logger: silentLogger }),
      PilotedModule.forRoot({ registry, services: ['web'], logger: silentLogger }),
    ]);
  });
  afterEach(async () => {
    await clock.until(module.close());
    expect(clock.pending).toBe(0);
  });

  it('takes heartbeats and lists of both modules through an outage, on the clock of the test', async () => {
    const [sidekick, web] = [module.get(Sidekick), module.get(DiscoveryService).of('web')];
    const events: string[] = [];
    sidekick.events.subscribe(({ type, key, reason }) =>
      events.push([type, key, reason].filter(Boolean).join(' ')),
    );
    await sidekick.announce({ name: 'web', id: 'web-1', address: '10.0.0.1', port: 80 });
    await clock.advance(1_000);
    expect(web.pick().id).toBe('web-1');

    registry.fail('down');
    await clock.advance(15_000);
    expect(events).toContain('lost me expired');
    expect(web.stale).toBe(true);
    expect(web.pick().id).toBe('web-1');

    registry.heal();
    await clock.advance(15_000);
    expect(events).toContain('restored me');
    expect(web.stale).toBe(false);
    expect(sidekick.beats.map(({ key, state }) => `${key} ${state}`)).toContain('me alive');
  });

  it('applies faults of one kind, delays, and counts requests', async () => {
    const discovery = module.get(DiscoveryService);
    registry.fail('refuse', 'list');
    await expect(discovery.refresh('web')).rejects.toMatchObject({ code: 'SIDEKICK_REGISTRY_REFUSED' });
    registry.heal();
    const before = registry.count('list');
    registry.slow(500);
    let refreshed = false;
    void discovery.refresh('web').then(() => (refreshed = true));
    await clock.advance(400);
    expect(refreshed).toBe(false);
    await clock.advance(200);
    expect(refreshed).toBe(true);
    expect(registry.count('list')).toBe(before + 1);
    registry.slow(0);
  });
});

it('has the faults that were set before it was opened', async () => {
  const clock = new VirtualClock();
  const source = faulty(memory());
  source.fail('down');
  const registry = await source.open({ clock, random: Math.random, logger: silentLogger });
  const { signal } = new AbortController();
  const scope = { kind: 'service', service: 'web' } as const;
  await expect(registry.list(scope, signal)).rejects.toMatchObject({ code: 'SIDEKICK_REGISTRY_UNAVAILABLE' });
  source.heal();
  await expect(registry.list(scope, signal)).resolves.toMatchObject({ entries: [] });
  await registry.close();
});

it('has the deadline and the address of the registry', async () => {
  const clock = new VirtualClock();
  const deps = { clock, random: Math.random, logger: silentLogger };
  const inner = Object.assign(await memory().open(deps), {
    listTimeoutMs: 30_000,
    advertisedAddress: () => Promise.resolve('10.0.0.1'),
  });
  const source = faulty({ identity: 'one', url: 'one:', open: () => Promise.resolve(inner) });
  const registry = await source.open(deps);
  const { signal } = new AbortController();
  expect(registry.listTimeoutMs).toBe(30_000);
  await expect(registry.advertisedAddress?.(signal)).resolves.toBe('10.0.0.1');
  source.fail('down');
  await expect(registry.advertisedAddress?.(signal)).rejects.toThrow('the test has taken it down');
  await registry.close();
});

it('treats a running watch and a failing request by the fault', async () => {
  const clock = new VirtualClock();
  const inner = memory();
  const source = faulty(inner);
  const registry = await source.open({ clock, random: Math.random, logger: silentLogger });
  const scope = { kind: 'service', service: 'web' } as const;
  const controller = new AbortController();
  const { cursor } = await registry.list(scope, controller.signal);
  const watch = async (): Promise<void> => {
    for await (const batch of registry.watch(scope, cursor, controller.signal)) void batch;
  };
  for (const [fault, code] of [
    ['refuse', 'SIDEKICK_REGISTRY_REFUSED'],
    ['down', 'SIDEKICK_REGISTRY_UNAVAILABLE'],
  ] as const) {
    const watching = expect(watch()).rejects.toMatchObject({ code });
    await clock.advance(10);
    source.fail(fault);
    await watching;
    source.heal();
  }

  const session = await registry.openSession({ ttl: 10 }, controller.signal);
  await session.end(controller.signal);
  source.fail('swallow', 'renew');
  let answered = false;
  session.renew(controller.signal).catch(() => (answered = true));
  await clock.advance(60_000);
  expect(answered).toBe(false);
  controller.abort();
  await registry.close();
});
