import { type INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import * as client from 'prom-client';
import { CHANNELS } from '../common/diagnostics.js';
import { Announcer, eventually } from '../../test/harness/in-memory/announcer.js';
import { DiscoveryService } from '../piloted/discovery.service.js';
import { PilotedModule } from '../piloted/piloted.module.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { Sidekick } from '../sidekick/sidekick.service.js';
import { SidekickModule } from '../sidekick/sidekick.module.js';
import { MetricsLifecycle } from './metrics.lifecycle.js';
import { SidekickMetricsModule } from './metrics.module.js';
import { type SidekickMetricsModuleOptions } from './metrics.options.js';

const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };

describe('SidekickMetricsModule', () => {
  let registry: MemorySource;
  let register: client.Registry;
  let web: Announcer;
  const apps: INestApplicationContext[] = [];
  const warnings: string[] = [];

  async function start(options: SidekickMetricsModuleOptions = {}): Promise<INestApplicationContext> {
    const app = await Test.createTestingModule({
      imports: [
        SidekickModule.forRoot({ registry, logger: silent }),
        PilotedModule.forRoot({ registry, logger: silent, services: ['web'] }),
        SidekickMetricsModule.forRoot({ client, register, ...options }),
      ],
    })
      .setLogger({ ...silent, warn: (line: string) => void warnings.push(line) })
      .compile();
    apps.push(app);
    return await app.init();
  }

  /** The series of one metric, as `label=value,…` → value. */
  async function series(name: string): Promise<Record<string, number>> {
    const metrics = await register.getMetricsAsJSON();
    const values = metrics.find((metric) => metric.name === name)?.values ?? [];
    return Object.fromEntries(
      values.map(({ labels, value }) => [
        Object.entries(labels)
          .map(([label, text]) => `${label}=${text}`)
          .join(','),
        value,
      ]),
    );
  }

  beforeEach(async () => {
    warnings.length = 0;
    registry = memory();
    register = new client.Registry();
    web = await Announcer.on(registry);
    await web.announce('a', 'b', 'c');
  });

  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await web.end();
    for (const channel of Object.values(CHANNELS)) expect(channel.hasSubscribers).toBe(false);
  });

  it('reads services, registrations and registries at the scrape', async () => {
    const app = await start();
    await app.get(Sidekick).keep('leader', 'me');
    await app.get(Sidekick).announce({ name: 'shop', address: '10.0.0.9', port: 80 });
    expect(await series('sidekick_heartbeat_up')).toEqual({ 'key=leader': 1, 'key=shop': 1 });
    expect(await series('sidekick_service_endpoints')).toEqual({
      'service_name=web,state=active': 3,
      'service_name=web,state=ejected': 0,
      'service_name=web,state=suspect': 0,
    });
    expect(await series('sidekick_service_stale')).toEqual({ 'service_name=web': 0 });
    expect(await series('sidekick_panic')).toEqual({ 'service_name=web': 0 });
    expect(await series('sidekick_registry_connected')).toEqual({ 'registry=memory': 1 });
    const { 'key=leader': expires = 0 } = await series('sidekick_heartbeat_expires_seconds');
    expect(expires).toBeGreaterThan(0);
    expect(expires).toBeLessThanOrEqual(10);
  });

  it('counts calls, and those in flight', async () => {
    const app = await start();
    const handle = app.get(DiscoveryService).of('web');
    const running = handle.start(handle.pick());
    expect(await series('sidekick_requests_active')).toEqual({ 'service_name=web': 1 });
    running.done();
    await handle.call(() => Promise.resolve('answer'));
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    await expect(handle.call(() => Promise.reject(refused), { retry: false })).rejects.toThrow('refused');
    expect(await series('sidekick_requests_active')).toEqual({ 'service_name=web': 0 });
    const text = await register.metrics();
    expect(text).toMatch(/request_duration_seconds_count\{service_name="web",outcome="success"\} \d/);
    expect(text).toMatch(/request_duration_seconds_count\{service_name="web",outcome="failure"\} 1/);
  });

  it('begins counters at 0, so that an alert sees the first event', async () => {
    const app = await start();
    await app.get(Sidekick).keep('leader', 'me');
    expect(await series('sidekick_heartbeat_lost_total')).toMatchObject({
      'key=leader,reason=expired': 0,
      'key=leader,reason=taken-over': 0,
    });
    expect(await series('sidekick_selection_failures_total')).toMatchObject({
      'service_name=web,reason=empty': 0,
    });
    expect(await series('sidekick_request_retries_total')).toMatchObject({
      'service_name=web,result=exhausted': 0,
    });
    expect(await series('sidekick_ejections_total')).toMatchObject({
      'service_name=web,rule=consecutive-failures,enforced=true': 0,
    });
  });

  it('counts once where Nest runs the hooks twice, and nothing where they come after the shutdown', async () => {
    const app = await start();
    const lifecycle = app.get(MetricsLifecycle);
    const handle = app.get(DiscoveryService).of('web');
    lifecycle.onModuleInit();
    const running = handle.start(handle.pick());
    expect(await series('sidekick_requests_active')).toEqual({ 'service_name=web': 1 });
    running.done();
    await app.get(Sidekick).keep('leader', 'me');
    await handle.call(() => Promise.resolve());
    expect(await register.metrics()).toMatch(
      /request_duration_seconds_count\{service_name="web",outcome="success"\} 1\n/,
    );
    apps.splice(0);
    await app.close();
    lifecycle.onModuleInit();
    expect(CHANNELS.requestEnd.hasSubscribers).toBe(false);
  });

  it('leaves out what is not known: no value is NaN', async () => {
    await start();
    expect(await register.metrics()).not.toMatch(/NaN/i);
  });

  it('combines the applications of one process, and forgets the state of a closed one', async () => {
    const first = await start();
    const second = await start();
    await first.get(Sidekick).keep('one', '');
    await second.get(Sidekick).keep('two', '');
    const calls = [first, second].map((app) => {
      const handle = app.get(DiscoveryService).of('web');
      return handle.start(handle.pick());
    });
    expect(await series('sidekick_heartbeat_up')).toEqual({ 'key=one': 1, 'key=two': 1 });
    expect(await series('sidekick_requests_active')).toEqual({ 'service_name=web': 2 });
    expect((await series('sidekick_service_endpoints'))['service_name=web,state=active']).toBe(3);
    for (const call of calls) call.done();
    apps.splice(apps.indexOf(first), 1);
    await first.close();
    expect(await series('sidekick_heartbeat_up')).toEqual({ 'key=two': 1 });
  });

  it('has as many series after 300 replaced instances as before', async () => {
    const app = await start();
    const handle = app.get(DiscoveryService).of('web');
    const seriesNow = async (): Promise<number> =>
      (await register.metrics()).split('\n').filter((line) => !line.startsWith('#')).length;
    await handle.call(() => Promise.resolve());
    const before = await seriesNow();
    let old = ['a', 'b', 'c'];
    for (let n = 0; n < 30; n += 1) {
      const replaced = Array.from({ length: 10 }, (_, index) => `${n}-${index}`);
      await web.announce(...replaced);
      await web.withdraw(...old);
      await eventually(() => replaced.every((id) => handle.endpoints.some((each) => each.id === id)));
      for (let call = 0; call < 10; call += 1) await handle.call(() => Promise.resolve());
      old = replaced;
    }
    expect(await seriesNow()).toBe(before);
  });

  it('removes the series of a gone endpoint with `instanceLabel`', async () => {
    const app = await start({ instanceLabel: true });
    const handle = app.get(DiscoveryService).of('web');
    for (let n = 0; n < 3; n += 1) await handle.call(() => Promise.resolve());
    const endpoint = 'endpoint="10.0.0.1:8097"';
    expect(await register.metrics()).toContain(endpoint);
    await web.withdraw('a');
    await eventually(() => handle.endpoints.length === 2);
    await register.metrics();
    expect(await register.metrics()).not.toContain(endpoint);
  });

  it('exposes any name as one label value: it cannot add a label, a sample or a line', async () => {
    const app = await start();
    const hostile = 'a",injected="1"} 1#\\';
    await app.get(Sidekick).keep(hostile, 'me');
    const lines = (await register.metrics()).split('\n').filter((line) => line.includes('injected'));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines)
      expect(line).toMatch(/^sidekick_\w+\{key="a\\",injected=\\"1\\"\} 1#\\\\"(?:,\w+="[^"]*")*\} \S+$/);
  });

  it('refuses a register with a metric of the same name', async () => {
    const { Gauge } = client;
    register.registerMetric(new Gauge({ name: 'sidekick_panic', help: 'mine', registers: [] }));
    await expect(start()).rejects.toMatchObject({
      code: 'SIDEKICK_METRIC_NAME_TAKEN',
      message: expect.stringContaining('"sidekick_panic"') as string,
    });
  });

  it('registers again after the register was cleared', async () => {
    await start();
    register.clear();
    await start();
    expect(await series('sidekick_service_stale')).toEqual({ 'service_name=web': 0 });
  });

  it('combines the workers of a cluster: three connected ones are connected, not 3', async () => {
    const app = await start();
    const handle = app.get(DiscoveryService).of('web');
    const call = handle.start(handle.pick());
    const worker = await register.getMetricsAsJSON();
    call.done();
    const fleet = client.AggregatorRegistry.aggregate([worker, worker, worker]);
    const valueOf = async (name: string): Promise<number | undefined> =>
      (await fleet.getSingleMetric(name)?.get())?.values[0]?.value;
    expect(await valueOf('sidekick_registry_connected')).toBe(1);
    expect(await valueOf('sidekick_service_endpoints')).toBe(3);
    expect(await valueOf('sidekick_requests_active')).toBe(3);
  });

  it('refuses options that are not of their kind', () => {
    const forRoot = (options: object) => () => SidekickMetricsModule.forRoot(options);
    expect(forRoot({ client: 'prom-client' })).toThrow('client');
    expect(forRoot({ register: {} })).toThrow('register');
    expect(forRoot({ meterProvider: false })).toThrow('meterProvider');
    expect(forRoot({ lables: true })).toThrow('lables');
  });

  it('reads the state once a scrape, not once a gauge', async () => {
    const app = await start();
    const discovery = app.get(DiscoveryService);
    const dump = discovery.dump.bind(discovery);
    let reads = 0;
    discovery.dump = () => {
      reads += 1;
      return dump();
    };
    await register.metrics();
    expect(reads).toBe(1);
  });

  it('answers a scrape when the state cannot be read, and says so once', async () => {
    const app = await start();
    app.get(DiscoveryService).dump = () => {
      throw new Error('no state');
    };
    await register.metrics();
    expect(await register.metrics()).toContain('sidekick_service_changes_total');
    expect(warnings).toEqual([expect.stringContaining('no state')]);
  });
});
