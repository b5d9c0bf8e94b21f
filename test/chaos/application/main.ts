/**
 * An application of the library's users: both modules, from the package as it is built. A process of its own, which a
 * scenario can hang, stop, kill and query, and which reports each of its events.
 */
import 'reflect-metadata';
import {
  Controller,
  Get,
  type INestApplication,
  type INestApplicationContext,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import type * as Library from '../../../lib/index.js';
import { type Logger } from '../../../lib/common/logger.js';
import { type RegistrySource } from '../../../lib/registry/registry-source.js';
import type * as RegistryUrl from '../../../lib/registries/registry-url.js';
import { type AnnouncedService } from '../../../lib/sidekick/registered-entry.js';
import { monotonic } from '../../harness/wait.js';
import { type Protection } from '../protection.js';
import { seededRandom } from '../random.js';
import { Caller } from './caller.js';
import { Followed } from './followed.js';
import { Hearts } from './hearts.js';
import { type Calls, type Commands, type Order, STILL_HERE } from './protocol.js';
import { type ApplicationSettings } from './settings.js';
import { codeOf, happened, tell } from './telling.js';
import { endThreads, knowThreads } from './threads.js';
import { weakened } from './weakened.js';

/** Milliseconds after which an application that has not ended reports what keeps it alive. */
const LINGERED = 3_000;

/** Milliseconds a slow request takes. */
const SLOW = 20;

/** Milliseconds an idle connection is kept by the HTTP server. */
const KEEP_ALIVE = 60_000;

/** Milliseconds an application without `drain` is still announced after it has closed its port. */
const UNDRAINED = 300;

/** The protections that are disabled here; the registry disables the others. */
const OF_THE_APPLICATION: ReadonlySet<Protection> = new Set(['jitter', 'expiry-guard', 'drain']);

knowThreads();
// Names that are not literals: the types are those of the sources, which are there before anything is built.
const settings = JSON.parse(process.argv[2]!) as ApplicationSettings;
const weakenings = settings.without.filter((protection) => !OF_THE_APPLICATION.has(protection));
const compiled = (file: string): string => new URL(`../../../.cache/compiled/${file}`, import.meta.url).href;
const BUILT = {
  // Parts of it are replaced, which a bundle does not allow.
  library: weakenings.length > 0 ? compiled('index.js') : 'nestjs-sidekick',
  registryUrl: compiled('registries/registry-url.js'),
};
const library = (await import(BUILT.library)) as typeof Library;
const { DiscoveryService, PilotedModule, Sidekick, SidekickModule } = library;

// The application's random numbers are the run's, and all the same where it has to do without jitter.
Math.random = settings.without.includes('jitter') ? () => 0.5 : seededRandom(settings.seed);

/** The wall clock, which a scenario can move. */
const RealDate = Date;
let wallOffset = 0;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: [] | [number]) =>
    args.length === 0 ? new target(RealDate.now() + wallOffset) : new target(...args),
  get: (target, property) =>
    property === 'now' ? () => RealDate.now() + wallOffset : (Reflect.get(target, property) as unknown),
});

const log =
  (level: 'log' | 'warn' | 'error') =>
  (message: unknown): void =>
    happened(settings.name, { kind: 'log', level, text: String(message) });
const logger: Logger = { log: log('log'), warn: log('warn'), error: log('error') };

async function registry(): Promise<string | RegistrySource> {
  if (weakenings.length === 0) return settings.registry;
  const { registrySource } = (await import(BUILT.registryUrl)) as typeof RegistryUrl;
  return weakened(registrySource(settings.registry, {}), weakenings);
}

@Controller()
class NameController {
  @Get()
  name(): string {
    return settings.name;
  }

  /** Is under way for a while. */
  @Get('slow')
  async slow(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, SLOW));
    return settings.name;
  }
}

/** Reports uncaught errors, on which Node would end the process. */
for (const kind of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(kind, (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    happened(settings.name, { kind: 'unhandled', text });
  });

/** An application that boots; with `http`, it can be closed before it is up. */
interface Booting {
  readonly early: INestApplicationContext | undefined;
  up(): Promise<{ readonly app: INestApplicationContext; readonly port: number | undefined }>;
}

async function boot(): Promise<Booting> {
  const where = { registry: await registry(), logger };
  const imports: ModuleMetadata['imports'] = [];
  if (settings.sidekick ?? settings.keys)
    imports.push(SidekickModule.forRoot({ ...settings.sidekick, ...where }));
  if (settings.piloted) {
    const guard = settings.without.includes('expiry-guard') ? { expiryGuard: false } : {};
    imports.push(PilotedModule.forRoot({ ...settings.piloted, ...guard, ...where }));
  }

  @Module({ imports, controllers: [NameController] })
  class ApplicationModule {}

  const options = { logger: false, abortOnError: false } as const;
  if (!settings.http) {
    const up = async (): ReturnType<Booting['up']> => {
      const app = await NestFactory.createApplicationContext(ApplicationModule, options);
      return { app: app.enableShutdownHooks(), port: undefined };
    };
    return { early: undefined, up };
  }
  const app = await NestFactory.create(ApplicationModule, options);
  // Longer than a client's idle timeout: otherwise a request could meet a connection the server is closing.
  (app.getHttpServer() as Server).keepAliveTimeout = KEEP_ALIVE;
  if (settings.without.includes('drain')) process.once('SIGTERM', () => void closePortFirst(app));
  else app.enableShutdownHooks();
  const up = async (): ReturnType<Booting['up']> => {
    await app.listen(0, '127.0.0.1');
    return { app, port: (app.getHttpServer() as { address(): AddressInfo }).address().port };
  };
  return { early: app, up };
}

/** Shuts down as an application without draining does. */
async function closePortFirst(app: INestApplication): Promise<never> {
  const server = app.getHttpServer() as Server;
  server.close();
  server.closeIdleConnections();
  await new Promise((resolve) => setTimeout(resolve, UNDRAINED));
  await app.close();
  process.exit(0);
}

async function call(
  discovery: InstanceType<typeof DiscoveryService>,
  service: string,
  times: number,
): Promise<Calls> {
  const outcomes = await Promise.allSettled(
    Array.from({ length: times }, async () => await discovery.service(service)),
  );
  const failed = outcomes.flatMap((one) => (one.status === 'rejected' ? [codeOf(one.reason)] : []));
  return { found: times - failed.length, failed };
}

async function main(): Promise<void> {
  const booting = await boot();
  let app = booting.early;
  let hearts: Hearts | undefined;
  let followed: Followed | undefined;
  let caller: Caller | undefined;
  const running = (): INestApplicationContext => {
    if (!app) throw new Error(`${settings.name} is not up yet.`);
    return app;
  };
  const sidekick = (): InstanceType<typeof Sidekick> => running().get(Sidekick);
  const discovery = (): InstanceType<typeof DiscoveryService> => running().get(DiscoveryService);

  const instances = new Map<string, AnnouncedService>();
  let closed: Promise<number> | undefined;
  const close = async (): Promise<number> => {
    life.closing = true;
    await caller?.stop();
    const began = monotonic();
    await running().close();
    const took = monotonic() - began;
    hearts?.stop();
    followed?.stop();
    return took;
  };

  const commands: Commands = {
    block: (ms) => {
      const until = monotonic() + ms;
      happened(settings.name, { kind: 'fault', what: 'block', phase: 'begin' });
      while (monotonic() < until);
      happened(settings.name, { kind: 'fault', what: 'block', phase: 'end' });
    },
    endThreads: async (how) => {
      happened(settings.name, { kind: 'fault', what: how, phase: 'begin' });
      const ended = await endThreads(how);
      happened(settings.name, { kind: 'fault', what: how, phase: 'end' });
      return ended;
    },
    moveWallClock: (ms) => {
      wallOffset += ms;
      happened(settings.name, { kind: 'note', text: `wall clock moved by ${ms} ms` });
    },
    keep: async (kept) => await hearts!.keep(kept),
    value: async (key, value) => await hearts!.of(key).value(value),
    stopKey: async (key) => await hearts!.of(key).stop(),
    pause: async () => await sidekick().pause(),
    resume: () => sidekick().resume(),
    beats: () => sidekick().beats,
    dump: () => discovery().dump(),
    picks: () => followed?.picks ?? { picked: 0, failed: 0 },
    refresh: async () => await discovery().refresh(),
    call: async (service, times) => await call(discovery(), service, times),
    announce: async (service, keeping) => {
      const announced = await sidekick().announce(
        { ...(port === undefined ? {} : { port }), ...service },
        keeping,
      );
      instances.set(JSON.stringify([service.name, announced.instance.id]), announced);
    },
    withdraw: async (service, id) => await instances.get(JSON.stringify([service, id]))!.stop(),
    close: async () => await (closed ??= close()),
    leave: async () => await (closed ??= close()),
  };
  process.on('message', ({ call, command, args }: Order) => void obey(call, command, args));
  async function obey(call: number, command: keyof Commands, args: readonly unknown[]): Promise<void> {
    try {
      const value = await (commands[command] as (...given: readonly unknown[]) => unknown)(...args);
      tell({ kind: 'answer', call, value });
    } catch (error) {
      tell({ kind: 'refused', call, message: error instanceof Error ? error.message : String(error) });
    }
    // From here on nothing but the library could keep the process from ending.
    if (command !== 'leave') return;
    process.disconnect();
    setTimeout(() => {
      console.error(`${STILL_HERE} ${process.getActiveResourcesInfo().join(', ')}`);
    }, LINGERED).unref();
  }

  tell({ kind: 'booting' });
  const { app: up, port } = await booting.up();
  app = up;
  if (settings.sidekick || settings.keys) hearts = new Hearts(settings.name, sidekick());
  if (settings.piloted) followed = new Followed(settings.name, discovery(), settings.follow ?? []);
  if (settings.requests)
    caller = new Caller(discovery(), settings.requests, (happening) => happened(settings.name, happening));
  await Promise.all((settings.keys ?? []).map(async (kept) => await hearts?.keep(kept)));
  tell({ kind: 'ready', port });
}

/** `closing`: a close was requested, so that an aborted boot is no failure. */
const life = { closing: false };

// Without the scenario no other process stops it.
const orphaned = (): never => process.exit(1);
process.on('disconnect', () => {
  if (!process.exitCode) setTimeout(orphaned, 20_000).unref();
});
// Not awaited: where it is closed while it boots, Nest leaves the promise of its boot open.
main().catch((error: unknown) => {
  if (!life.closing) fail(error);
});

function fail(error: unknown): void {
  tell({
    kind: 'failed',
    code: codeOf(error),
    message: error instanceof Error ? error.message : String(error),
  });
  process.exitCode = 1;
  process.disconnect();
}
