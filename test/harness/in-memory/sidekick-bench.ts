import { type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { RegistryRefusedError } from '../../../lib/common/errors/index.js';
import { type Logger } from '../../../lib/common/logger.js';
import { type InstanceRecord } from '../../../lib/registry/entry-record.js';
import { memory, type MemorySource } from '../../../lib/registries/memory/memory.js';
import { type Registry, type Session } from '../../../lib/registry/registry.js';
import { type RegistrySource } from '../../../lib/registry/registry-source.js';
import { SidekickModule } from '../../../lib/sidekick/sidekick.module.js';
import { type SidekickModuleOptions } from '../../../lib/sidekick/sidekick.options.js';
import { SIDEKICK_WAIT_CLOCK } from '../../../lib/sidekick/sidekick.tokens.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { freePorts } from '../ports.js';

/** Applications on one registry in memory, with all log lines. */
export class Bench {
  readonly registry: MemorySource = memory();
  readonly lines: string[] = [];
  readonly clock = new VirtualClock();
  private readonly open: (() => unknown)[] = [];

  /** Closes the applications in reverse order, and checks that nothing is left. */
  async close(): Promise<void> {
    for (const close of this.open.splice(0).reverse()) await close();
    expect(this.registry.store.sessions).toBe(0);
    expect(this.clock.pending).toBe(0);
  }

  /** The instances of the service `web`. */
  instances(): InstanceRecord['instance'][] {
    const { entries } = this.registry.store.list({ kind: 'service', service: 'web' });
    return entries.map(({ record }) => (record as InstanceRecord).instance);
  }

  warnings(): string[] {
    return this.lines.filter((line) => line.startsWith('warn '));
  }

  closing<A extends INestApplicationContext>(app: A): A {
    this.open.push(() => app.close());
    return app;
  }

  appModule(options: SidekickModuleOptions): Type {
    const line = (level: string) => (message: string) => void this.lines.push(`${level} ${message}`);
    const logger: Logger = { log: line('log'), warn: line('warn'), error: line('error') };
    @Module({ imports: [SidekickModule.forRoot({ registry: this.registry, logger, ...options })] })
    class AppModule {}
    return AppModule;
  }

  /** On the virtual clock. */
  async compiled(options: SidekickModuleOptions): Promise<TestingModule> {
    return await Test.createTestingModule({ imports: [this.appModule(options)] })
      .overrideProvider(SIDEKICK_WAIT_CLOCK)
      .useValue(this.clock)
      .compile();
  }

  async listening(server: Server, port = 0): Promise<number> {
    this.open.push(() => server.close());
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
    return (server.address() as AddressInfo).port;
  }

  async freePort(): Promise<number> {
    const [port = 0] = await freePorts(1);
    return port;
  }

  /** Accepts sessions and refuses writes, like etcd for a user without write permission. */
  readOnly(): RegistrySource {
    const refusing = (session: Session): Session =>
      Object.assign(Object.create(session) as Session, {
        write: () => Promise.reject(new RegistryRefusedError('permission denied')),
      });
    return {
      ...this.registry,
      identity: 'read-only',
      open: async (deps) => {
        const inner = await this.registry.open(deps);
        return Object.assign(Object.create(inner) as Registry, {
          openSession: async (...args: Parameters<Registry['openSession']>) =>
            refusing(await inner.openSession(...args)),
        });
      },
    };
  }
}
