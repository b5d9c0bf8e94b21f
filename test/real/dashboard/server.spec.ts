import { jest } from '@jest/globals';
import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  type INestApplication,
  Module,
  Scope,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { get, type ServerResponse } from 'node:http';
import { deferred } from '../../../lib/common/async/deferred.js';
import { DashboardStreams } from '../../../lib/dashboard/dashboard-streams.js';
import { monotonic, until } from '../../harness/wait.js';
import { dashboardApplication, type DashboardApplication, openStream } from './application.js';
import compression from 'compression';
import helmet from 'helmet';

@Injectable()
class Secret {
  readonly token = 'letmein';
}

@Module({ providers: [Secret], exports: [Secret] })
class SecretModule {}

@Injectable()
class TokenGuard implements CanActivate {
  constructor(private readonly secret: Secret) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
    return headers.authorization === `Bearer ${this.secret.token}`;
  }
}

/** The status of an answer whose body is not read. */
async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.text();
  return response.status;
}

let applications: DashboardApplication[] = [];

async function start(...args: Parameters<typeof dashboardApplication>): Promise<DashboardApplication> {
  const application = await dashboardApplication(...args);
  applications.push(application);
  return application;
}

afterEach(async () => {
  await Promise.all(applications.map(({ close }) => close()));
  applications = [];
});

describe.each([
  ['Express', false],
  ['Fastify', true],
])('the page on %s', (_name, fastify) => {
  it('is a file without data, and the stream has the state and its changes', async () => {
    const { url, register } = await start({ fastify });
    const page = await fetch(`${url}/sidekick`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).not.toContain('web-1');

    const events = await openStream(`${url}/sidekick/events`);
    expect(events.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(events.headers['cache-control']).toBe('no-store, no-transform');
    await register('web-2');
    const { rows } = await events.read((message) => 'endpoint/web/web-2' in message.rows);
    expect(rows['endpoint/web/web-2']).toMatchObject({ address: '10.0.0.1', port: 80, state: 'active' });
  });

  it('follows the global prefix and versions, and is there with a slash at its end', async () => {
    const { url } = await start({
      fastify,
      path: 'ops/live',
      prepare: (app: INestApplication) => {
        app.setGlobalPrefix('api');
        app.enableVersioning();
      },
    });
    for (const path of ['/api/ops/live', '/api/ops/live/']) {
      const page = await fetch(`${url}${path}`);
      expect([path, page.status]).toEqual([path, 200]);
      await page.text();
    }
    const { read } = await openStream(`${url}/api/ops/live/events`);
    expect(await read()).toMatchObject({
      complete: true,
      rows: { 'endpoint/web/web-1': { state: 'active' } },
    });
  });

  it('puts guards before the stream, with what they inject, and before the file only when asked', async () => {
    const guarded = { fastify, guards: [TokenGuard], imports: [SecretModule] };
    const { url, warnings } = await start(guarded);
    expect(await statusOf(`${url}/sidekick`)).toBe(200);
    expect(await statusOf(`${url}/sidekick/events`)).toBe(403);
    const allowed = await openStream(`${url}/sidekick/events`, { authorization: 'Bearer letmein' });
    expect((await allowed.read()).complete).toBe(true);
    expect(warnings.filter((line) => line.includes('guards'))).toEqual([]);

    const strict = await start({ ...guarded, guardPage: true });
    expect(await statusOf(`${strict.url}/sidekick`)).toBe(403);
  });

  it.each(['/', ''])('is there at the root of an application for operators: path %j', async (path) => {
    const { url } = await start({ fastify, path });
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<!doctype html>');
    const { read } = await openStream(`${url}/events`);
    expect((await read()).complete).toBe(true);
  });

  it('keeps nothing of a reader that leaves while a guard is asked', async () => {
    const left = deferred<undefined>();
    const responses: ServerResponse[] = [];
    const slow = {
      canActivate: async (context: ExecutionContext): Promise<boolean> => {
        const response = context.switchToHttp().getResponse<ServerResponse & { raw?: ServerResponse }>();
        responses.push(response.raw ?? response);
        await left.promise;
        return true;
      },
    };
    const { app, url, warnings } = await start({ fastify, guards: [slow] });
    const streams = app.get(DashboardStreams, { strict: false });
    const open = jest.spyOn(streams, 'open');
    const request = get(`${url}/sidekick/events`, { agent: false }).on('error', () => undefined);
    await until('the guard to be asked', () => responses.length > 0);
    request.destroy();
    await until('the server to notice', () => responses[0]!.destroyed);
    left.resolve(undefined);
    await until('the guard to let it pass', () => open.mock.calls.length > 0);
    const kept = streams as unknown as Record<'streams' | 'connections', ReadonlySet<unknown>>;
    await until('nothing to be kept', () => kept.streams.size + kept.connections.size === 0);
    expect(warnings).toEqual([]);
  });

  it('ends its streams after the drain', async () => {
    const { app, url } = await start({ fastify, drain: 1 });
    const streams = await Promise.all(Array.from({ length: 20 }, () => openStream(`${url}/sidekick/events`)));
    const ends = streams.map(({ ended }) => ended.then(monotonic));
    const began = monotonic();
    const closed = app.close().then(() => monotonic());
    const ended = await Promise.all(ends);
    // The drain takes one second. Ten times what the page may add to it.
    expect((await closed) - began).toBeLessThan(11_000);
    expect(Math.min(...ended) - began).toBeGreaterThan(900);
  });
});

describe('the page', () => {
  it('warns once when nothing guards it, and not with a guard for the whole application', async () => {
    const open = await start();
    expect(open.warnings.filter((line) => line.includes('/sidekick has no guards'))).toHaveLength(1);

    @Module({ providers: [{ provide: APP_GUARD, useValue: { canActivate: () => true } }] })
    class GuardedModule {}
    @Module({
      providers: [
        { provide: APP_GUARD, scope: Scope.REQUEST, useFactory: () => ({ canActivate: () => true }) },
      ],
    })
    class GuardedByRequestModule {}
    const guarded = [
      await start({ imports: [GuardedModule] }),
      await start({ imports: [GuardedByRequestModule] }),
      await start({ prepare: (app) => void app.useGlobalGuards({ canActivate: () => true }) }),
    ];
    for (const { warnings } of guarded)
      expect(warnings.filter((line) => line.includes('no guards'))).toEqual([]);
  });

  it('works behind compression and helmet', async () => {
    const { url, register } = await start({
      prepare: (app) => void app.use(helmet(), compression({ threshold: 0 })),
    });
    const page = await fetch(`${url}/sidekick`);
    expect(page.headers.get('content-security-policy')).toContain('sha256');
    expect(page.headers.get('content-encoding')).toBe('gzip');
    await page.text();
    const events = await openStream(`${url}/sidekick/events`, { 'accept-encoding': 'gzip' });
    await register('web-2');
    expect(await events.read(({ rows }) => 'endpoint/web/web-2' in rows)).toBeDefined();
  });

  it('counts calls', async () => {
    const { app, url } = await start();
    const { DiscoveryService } = await import('../../../lib/index.js');
    const web = app.get(DiscoveryService).of('web');
    for (let call = 0; call < 10; call++)
      web.start(web.pick()).done(call === 0 ? new Error('refused') : undefined);
    web.start(web.pick());
    const { rows } = await (await openStream(`${url}/sidekick/events`)).read();
    expect(rows['endpoint/web/web-1']).toMatchObject({ calls: 11, failures: 1, share: 1, inFlight: 1 });
  });
});
