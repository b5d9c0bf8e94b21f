import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { createGunzip } from 'node:zlib';
import { type INestApplication, Module, type NestApplicationOptions } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  SidekickDashboardModule,
  type SidekickDashboardModuleOptions,
} from '../../../lib/dashboard/index.js';
import { DiscoveryService, PilotedModule, Sidekick, SidekickModule } from '../../../lib/index.js';
import { type RowsMessage } from '../../../lib/dashboard/rows.js';
import { until } from '../../harness/wait.js';

/** An application with the page. */
export interface DashboardApplication {
  readonly app: INestApplication;
  readonly url: string;
  readonly warnings: readonly string[];
  /** Registers one more instance of `web`. */
  register(id: string, fields?: object): Promise<void>;
  close(): Promise<void>;
}

/** How {@link dashboardApplication} starts. */
export interface DashboardApplicationOptions extends SidekickDashboardModuleOptions {
  readonly fastify?: boolean;
  /** Seconds. */
  readonly drain?: number;
  readonly prepare?: (app: INestApplication) => void;
}

let count = 0;

/** Starts an application that registers `gateway` and discovers `web`, on a registry of its own in memory. */
export async function dashboardApplication({
  fastify = false,
  drain = 0,
  prepare,
  ...options
}: DashboardApplicationOptions = {}): Promise<DashboardApplication> {
  const registry = `memory:dashboard-${count++}`;

  @Module({
    imports: [
      SidekickModule.forRoot({ registry, drain, service: { name: 'gateway', address: '127.0.0.1' } }),
      PilotedModule.forRoot({ registry, services: ['web'] }),
      SidekickDashboardModule.forRoot(options),
    ],
  })
  class AppModule {}

  const warnings: string[] = [];
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const settings: NestApplicationOptions = { logger: collecting(warnings) };
  const app = fastify
    ? testing.createNestApplication(new FastifyAdapter(), settings)
    : testing.createNestApplication(settings);
  prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const sidekick = app.get(Sidekick);
  const register = async (id: string, fields: object = {}): Promise<void> => {
    await sidekick.announce({ name: 'web', id, address: '10.0.0.1', port: 80, ...fields });
  };
  await register('web-1');
  await app.get(DiscoveryService).of('web').ready();
  return { app, url: await app.getUrl(), warnings, register, close: () => app.close() };
}

function collecting(warnings: string[]): NonNullable<NestApplicationOptions['logger']> {
  const ignore = (): void => undefined;
  return {
    log: ignore,
    debug: ignore,
    verbose: ignore,
    fatal: ignore,
    error: (message: unknown) => void warnings.push(String(message)),
    warn: (message: unknown) => void warnings.push(String(message)),
  };
}

/** An open event stream. */
export interface OpenStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Resolves with the first message from now on for which `isEnough` is true, and closes the stream. */
  read(isEnough?: (message: RowsMessage) => boolean): Promise<RowsMessage>;
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
}

/**
 * Opens an event stream on a connection of its own. Not by fetch, whose pool opens a spare connection after an aborted
 * request: a server waits for a connection without a request when it closes.
 */
export async function openStream(url: string, headers: Record<string, string> = {}): Promise<OpenStream> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent: false, headers }, resolve).once('error', reject);
  });
  response.on('error', () => undefined);
  const isZipped = response.headers['content-encoding'] === 'gzip';
  const body = isZipped ? response.pipe(createGunzip()) : response;
  const messages: RowsMessage[] = [];
  let text = '';
  body.setEncoding('utf8');
  body.on('data', (chunk: string) => {
    const events = (text + chunk).split('\n\n');
    text = events.pop()!;
    for (const event of events)
      if (event.startsWith('data: ')) messages.push(JSON.parse(event.slice(6)) as RowsMessage);
  });
  return {
    status: response.statusCode!,
    headers: response.headers,
    read: async (isEnough = () => true) => {
      const found = await until('a message of the stream', () => messages.find(isEnough));
      response.destroy();
      return found;
    },
    ended: new Promise((resolve) => body.once('end', resolve)),
  };
}
