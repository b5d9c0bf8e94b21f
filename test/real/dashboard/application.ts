import { type INestApplication, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { DiscoveryService, PilotedModule, Sidekick, SidekickModule } from '../../../lib/index.js';
import {
  SidekickDashboardModule,
  type SidekickDashboardModuleOptions,
} from '../../../lib/dashboard/index.js';

/** An application with the page. */
export interface DashboardApplication {
  readonly app: INestApplication;
  readonly url: string;
  /** Registers one more instance of `web`. */
  register(id: string, fields?: object): Promise<void>;
  close(): Promise<void>;
}

let count = 0;

/** Starts an application that registers `gateway` and discovers `web`, on a registry of its own in memory. */
export async function dashboardApplication(
  options: SidekickDashboardModuleOptions = {},
  prepare: (app: INestApplication) => void = () => undefined,
): Promise<DashboardApplication> {
  const registry = `memory:dashboard-${count++}`;

  @Module({
    imports: [
      SidekickModule.forRoot({ registry, service: { name: 'gateway', address: '127.0.0.1' } }),
      PilotedModule.forRoot({ registry, services: ['web'] }),
      SidekickDashboardModule.forRoot(options),
    ],
  })
  class AppModule {}

  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = testing.createNestApplication<NestExpressApplication>({ logger: ['error'] });
  prepare(app);
  await app.listen(0, '127.0.0.1');
  const sidekick = app.get(Sidekick);
  const register = async (id: string, fields: object = {}): Promise<void> => {
    await sidekick.announce({ name: 'web', id, address: '10.0.0.1', port: 80, ...fields });
  };
  await register('web-1');
  await app.get(DiscoveryService).of('web').ready();
  return { app, url: (await app.getUrl()).replace('[::1]', '127.0.0.1'), register, close: () => app.close() };
}
