import { ConsoleLogger, type INestApplication, Logger as NestLogger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DiscoveryService, Elections, PilotedModule, SidekickModule } from '../../../lib/index.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { until } from '../../harness/wait.js';

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** Nest's logger in JSON, which records instead of writing. */
class Recorder extends ConsoleLogger {
  readonly lines: Line[] = [];

  constructor() {
    super({ json: true });
  }

  protected override printMessages(
    ...[messages, context, level, , , params]: Parameters<ConsoleLogger['printMessages']>
  ): void {
    if (!['Sidekick', 'Piloted'].includes(context ?? '')) return;
    for (const message of messages)
      this.lines.push({
        level: level ?? 'log',
        message: String(message),
        fields: params as Line['fields'],
      });
  }

  with(event: string): readonly Line[] {
    return this.lines.filter(({ fields }) => fields?.event === event);
  }
}

describe('The log of an application through an outage of etcd', () => {
  let etcd: EtcdCluster;
  let app: INestApplication | undefined;

  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterEach(() => app?.close());
  afterAll(async () => {
    NestLogger.overrideLogger(['error']);
    await etcd.stop();
  });

  it('has each line once, with its fields', async () => {
    const shown = `etcd://${etcd.hosts}/nestjs-sidekick`;
    // For a busy machine. A server that is killed refuses connections at once.
    const registry = `etcd://${etcd.hosts}?timeout=10`;
    @Module({
      imports: [
        SidekickModule.forRoot({
          registry,
          service: { name: 'web', id: 'one', address: '127.0.0.1' },
          ttl: 6,
          drain: 0.1,
        }),
        PilotedModule.forRoot({ registry, services: ['web'] }),
      ],
    })
    class AppModule {}
    const logger = new Recorder();
    app = await NestFactory.create(AppModule, { logger });
    await app.listen(0, '127.0.0.1');
    app.get(Elections).of('daily').campaign();
    const handle = app.get(DiscoveryService).of('web');
    await until('the election', () => logger.with('elected').length === 1);
    await until('the list', () => handle.endpoints.length === 1);

    const [member] = etcd.members;
    await member!.kill();
    await until('the loss', () => logger.with('lost').length === 1);
    await until('the deposition', () => logger.with('deposed').length === 1);
    await until('the stale list', () => handle.stale);
    await member!.restart();
    await until('the return', () => logger.with('restored').length === 1);
    await until('the second election', () => logger.with('elected').length === 2);
    await until('the list to be current', () => !handle.stale);
    await until('the watch', () => logger.with('watch-restored').length === 1);
    await app.close();
    app = undefined;

    const key = 'web/one';
    const events = ['alive', 'lost', 'restored', 'drain', 'stopped', 'watch-lost', 'watch-restored'];
    const counts = Object.fromEntries(events.map((event) => [event, logger.with(event).length]));
    expect(counts).toEqual(Object.fromEntries(events.map((event) => [event, 1])));
    expect(logger.with('alive')[0]).toMatchObject({
      level: 'log',
      fields: { key, registry: shown },
    });
    expect(logger.with('lost')[0]).toMatchObject({ level: 'warn', fields: { key, reason: 'expired' } });
    expect(logger.with('restored')[0]).toMatchObject({ level: 'log', fields: { key } });
    expect(logger.with('watch-lost')[0]).toMatchObject({ level: 'warn', fields: { service: 'web' } });
    expect(logger.with('elected')[0]).toMatchObject({ level: 'log', fields: { election: 'daily' } });
    expect(logger.with('deposed').map(({ level }) => level)).toEqual(['warn', 'log']);
    expect(logger.with('drain')[0]?.fields).toEqual({ event: 'drain', seconds: 0.1 });

    // No line repeats, except that of a second election in the same term.
    const others = logger.lines.filter(
      ({ level, fields }) => level !== 'debug' && fields?.event !== 'elected',
    );
    const repeated = others
      .map(({ message }) => message)
      .filter((message, index, all) => all.indexOf(message) !== index);
    expect(repeated).toEqual([]);
    expect(logger.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
