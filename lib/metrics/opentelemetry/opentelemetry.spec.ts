import { type INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createNoopMeter } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { Announcer, eventually } from '../../../test/harness/in-memory/announcer.js';
import { CHANNELS } from '../../common/diagnostics.js';
import { DiscoveryService } from '../../piloted/discovery.service.js';
import { PilotedModule } from '../../piloted/piloted.module.js';
import { type PilotedModuleOptions } from '../../piloted/piloted.options.js';
import { memory, type MemorySource } from '../../registries/memory/memory.js';
import { SidekickModule } from '../../sidekick/sidekick.module.js';
import { Sidekick } from '../../sidekick/sidekick.service.js';
import { SidekickMetricsModule } from '../metrics.module.js';
import { type SidekickMetricsModuleOptions } from '../metrics.options.js';

const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };

describe('SidekickMetricsModule with OpenTelemetry', () => {
  let registry: MemorySource;
  let exporter: InMemoryMetricExporter;
  let meterProvider: MeterProvider;
  let web: Announcer;
  const apps: INestApplicationContext[] = [];

  async function start(
    options: SidekickMetricsModuleOptions = { meterProvider },
    discovery: PilotedModuleOptions = { services: ['web'] },
  ): Promise<INestApplicationContext> {
    const app = await Test.createTestingModule({
      imports: [
        SidekickModule.forRoot({ registry, logger: silent }),
        PilotedModule.forRoot({ registry, logger: silent, ...discovery }),
        SidekickMetricsModule.forRoot(options),
      ],
    }).compile();
    apps.push(app);
    return await app.init();
  }

  /** The points of one instrument, after a collection. */
  async function points(name: string) {
    exporter.reset();
    await meterProvider.forceFlush();
    return exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics }) => metrics)
      .filter(({ descriptor }) => descriptor.name === name)
      .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => ({ attributes, value })));
  }

  async function seriesCount(): Promise<number> {
    exporter.reset();
    await meterProvider.forceFlush();
    return exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics }) => metrics)
      .reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
  }

  beforeEach(async () => {
    registry = memory();
    exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    meterProvider = new MeterProvider({ readers: [reader] });
    web = await Announcer.on(registry);
    await web.announce('a', 'b', 'c');
  });

  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await web.end();
    await meterProvider.shutdown();
  });

  it('exports the state', async () => {
    const app = await start();
    await app.get(Sidekick).keep('leader', 'me');
    expect(await points('sidekick.service.endpoints')).toEqual([
      { attributes: { 'sidekick.service': 'web', state: 'active' }, value: 3 },
      { attributes: { 'sidekick.service': 'web', state: 'ejected' }, value: 0 },
      { attributes: { 'sidekick.service': 'web', state: 'suspect' }, value: 0 },
    ]);
    expect(await points('sidekick.heartbeat.up')).toEqual([{ attributes: { key: 'leader' }, value: 1 }]);
  });

  it('exports the durations of calls as its conventions name them', async () => {
    const app = await start({ meterProvider, instanceLabel: true });
    await app
      .get(DiscoveryService)
      .of('web')
      .call(() => Promise.resolve());
    const [{ attributes, value } = {}] = await points('sidekick.client.request.duration');
    expect(attributes).toEqual({
      'server.address': 'web',
      outcome: 'success',
      'network.peer.address': '10.0.0.1',
      'network.peer.port': expect.any(Number) as number,
    });
    expect(value).toMatchObject({ count: 1 });
  });

  it('exports the attributes of gRPC for a call by gRPC', async () => {
    const app = await start();
    const { context } = app.get(DiscoveryService).of('web').calls;
    CHANNELS.requestEnd.publish({
      applicationId: context.applicationId,
      service: 'web',
      endpoint: { id: 'a', address: '10.0.0.1', port: 80 },
      attempt: 1,
      outcome: 'success',
      durationMs: 2,
      grpc: { method: 'hero.HeroService/FindOne', status: 'OK' },
    });
    expect(await points('sidekick.client.request.duration')).toEqual([
      {
        attributes: {
          'server.address': 'web',
          outcome: 'success',
          'grpc.target': 'sidekick:///web',
          'grpc.method': 'hero.HeroService/FindOne',
          'grpc.status': 'OK',
        },
        value: expect.objectContaining({ count: 1 }) as object,
      },
    ]);
  });

  it('exports 0 for a released key, since the SDK repeats the last value for ever', async () => {
    const app = await start();
    const released = await app.get(Sidekick).keep('leader', 'me');
    expect(await points('sidekick.heartbeat.up')).toEqual([{ attributes: { key: 'leader' }, value: 1 }]);
    await released.stop();
    expect(await points('sidekick.heartbeat.up')).toEqual([{ attributes: { key: 'leader' }, value: 0 }]);
  });

  it('adds the calls of two applications on one provider', async () => {
    const calls = [await start(), await start()].map((app) => {
      const handle = app.get(DiscoveryService).of('web');
      return handle.start(handle.pick());
    });
    expect(await points('sidekick.client.active_requests')).toEqual([
      { attributes: { 'server.address': 'web' }, value: 2 },
    ]);
    for (const call of calls) call.done();
  });

  it('has as many series after 300 replaced instances as before', async () => {
    const app = await start();
    const handle = app.get(DiscoveryService).of('web');
    await handle.call(() => Promise.resolve());
    await seriesCount();
    const before = await seriesCount();
    let old = ['a', 'b', 'c'];
    for (let n = 0; n < 30; n += 1) {
      const replaced = Array.from({ length: 10 }, (_, index) => `${n}-${index}`);
      await web.announce(...replaced);
      await web.withdraw(...old);
      await eventually(() => replaced.every((id) => handle.endpoints.some((each) => each.id === id)));
      await handle.call(() => Promise.resolve());
      if (n % 10 === 0) await meterProvider.forceFlush();
      old = replaced;
    }
    expect(await seriesCount()).toBe(before);
  });

  it('has a bounded number of series while services come and go', async () => {
    const app = await start({ meterProvider }, {});
    const discovery = app.get(DiscoveryService);
    const use = async (from: number, to: number): Promise<number> => {
      for (let n = from; n < to; n += 1) discovery.of(`service-${n}`);
      return await seriesCount();
    };
    const { applicationId } = discovery.of('service-0').calls.context;
    for (let n = 0; n < 600; n += 1)
      CHANNELS.requestEnd.publish({
        applicationId,
        service: `service-${n}`,
        endpoint: { id: 'a', address: '10.0.0.1', port: 80 },
        attempt: 1,
        outcome: 'success',
        durationMs: 2,
        grpc: { method: 'hero.HeroService/FindOne', status: 'OK' },
      });
    expect(await points('sidekick.client.request.duration')).toHaveLength(501);
    await use(0, 510);
    const bounded = await seriesCount();
    expect(await use(510, 600)).toBe(bounded);
    expect(await points('sidekick.service.stale')).toContainEqual({
      attributes: { 'sidekick.service': '_other' },
      value: expect.any(Number) as number,
    });
  });

  it('warns of a provider that records nothing, and boots', async () => {
    const warnings: string[] = [];
    const noop = { getMeter: () => createNoopMeter() };
    const app = await Test.createTestingModule({
      imports: [SidekickMetricsModule.forRoot({ meterProvider: noop })],
    })
      .setLogger({ ...silent, warn: (line: string) => warnings.push(line) })
      .compile();
    apps.push(app);
    await app.init();
    expect(warnings).toEqual([expect.stringContaining('records nothing')]);
  });
});
