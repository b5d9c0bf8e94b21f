import {
  type CanActivate,
  Controller,
  Injectable,
  type INestApplication,
  Module,
  type Provider,
  Scope,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { silentLogger } from '../common/logger.js';
import { type KeyRecord } from '../registry/entry-record.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { Heartbeat } from './heartbeat.decorator.js';
import { SidekickModule } from './sidekick.module.js';
import { Sidekick } from './sidekick.service.js';

class Queue {
  constructor(private readonly depth = 'none') {}

  @Heartbeat('/queue')
  report(): string {
    return this.depth;
  }
}

describe('@Heartbeat', () => {
  let source: MemorySource;
  let app: INestApplication | undefined;

  beforeEach(() => {
    source = memory();
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    expect(source.store.sessions).toBe(0);
  });

  async function boot(providers: Provider[], key?: string, imports: Type[] = []): Promise<INestApplication> {
    @Module({
      imports: [
        ...imports,
        SidekickModule.forRoot({
          registry: source,
          logger: silentLogger,
          ...(key === undefined ? {} : { key }),
        }),
      ],
      providers,
    })
    class AppModule {}
    const made = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    await made.init();
    app = made;
    return made;
  }

  const value = (key: string): string | undefined =>
    (source.store.entry({ kind: 'key', key })?.record as KeyRecord | undefined)?.value;

  it.each<[string, Provider]>([
    ['made by a factory', { provide: 'queue', useFactory: () => new Queue('7') }],
    ['given as a value', { provide: 'queue', useValue: new Queue('7') }],
  ])(
    'registers the value of a method of a provider that is %s, once for all its tokens',
    async (_name, queue) => {
      const running = await boot([
        queue,
        { provide: 'alias', useExisting: 'queue' },
        { provide: 'same', inject: ['queue'], useFactory: (same: Queue) => same },
      ]);
      expect(value('/queue')).toBe('7');
      expect(running.get(Sidekick).beats).toHaveLength(1);
    },
  );

  it('registers each key of a method with several decorators', async () => {
    class Twice {
      @Heartbeat('one')
      @Heartbeat('two')
      report(): string {
        return 'both';
      }
    }
    await boot([Twice]);
    expect([value('one'), value('two')]).toEqual(['both', 'both']);
  });

  it.each([
    [Scope.TRANSIENT, 'got a transient provider'],
    [Scope.REQUEST, 'got a request-scoped provider'],
  ])('fails the boot on a provider of scope %s, naming class and method', async (scope, got) => {
    @Injectable({ scope })
    class Version {
      readonly version = '1';

      @Heartbeat('/version')
      report(): string {
        return `v${this.version}`;
      }
    }
    await expect(boot([Version])).rejects.toThrow(
      `Expected Version.report with @Heartbeat to be a method of a singleton, ${got}`,
    );
    expect(value('/version')).toBeUndefined();
  });

  it('fails the boot on a guard that is no provider, and calls one that is', async () => {
    class Gate implements CanActivate {
      canActivate(): boolean {
        return true;
      }

      @Heartbeat('/gate')
      report(): string {
        return 'open';
      }
    }
    @Controller()
    @UseGuards(Gate)
    class Guarded {}
    @Module({ controllers: [Guarded] })
    class GuardedModule {}
    await expect(boot([], undefined, [GuardedModule])).rejects.toThrow(
      'Expected Gate.report with @Heartbeat to be a method of a provider or controller, got a guard',
    );
    const running = await boot([Gate], undefined, [GuardedModule]);
    expect(value('/gate')).toBe('open');
    expect(running.get(Sidekick).beats).toHaveLength(1);
  });

  it('names both methods that use the same key', async () => {
    class Depth {
      @Heartbeat('/queue')
      depth(): string {
        return '0';
      }
    }
    await expect(boot([Queue, Depth])).rejects.toThrow(
      'Expected the key "/queue" to be used by one method or option, got Queue.report of AppModule and Depth.depth of AppModule.',
    );
    await expect(boot([Queue], '/queue')).rejects.toThrow(
      "got SidekickModule's option `key` and Queue.report of AppModule.",
    );
  });
});
