import { HttpModule, HttpService } from '@nestjs/axios';
import { AxiosError, type AxiosRequestConfig, type AxiosStatic } from 'axios';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { firstValueFrom } from 'rxjs';
import { ServiceHttp, type ServiceHttpModuleOptions } from '../../../lib/http/index.js';
import { NoEndpointsError } from '../../../lib/piloted/no-endpoints.error.js';
import { type PilotedModuleOptions } from '../../../lib/piloted/piloted.options.js';
import { until } from '../../harness/wait.js';
import { SilentServer } from './silent-server.js';
import { CountingBalancer, saying, World } from './support.js';

let world: World;

beforeEach(() => {
  world = new World();
});

afterEach(async () => {
  await world.end();
});

async function boot(
  piloted: PilotedModuleOptions = { services: ['web'] },
  options: ServiceHttpModuleOptions = {},
) {
  const axiosModule = HttpModule.registerAsync({
    inject: [ServiceHttp],
    useFactory: (http: ServiceHttp) => ({ adapter: http.axiosAdapter }),
  });
  const { app, ...rest } = await world.boot(piloted, options, axiosModule);
  return { ...rest, client: app.get(HttpService) };
}

const thrown = async (promise: Promise<unknown>): Promise<AxiosError> =>
  await promise.then(
    () => {
      throw new Error('Expected a rejection.');
    },
    (error: unknown) => error as AxiosError,
  );

describe('ServiceHttp.axiosAdapter through @nestjs/axios', () => {
  it('ejects no endpoint for a route that always fails on every instance', async () => {
    await world.serve('web', 'one', saying('one', 500));
    await world.serve('web', 'two', saying('two', 500));
    const { client, discovery } = await boot({ services: [{ name: 'web', outlierDetection: true }] });
    for (let call = 0; call < 40; call++)
      expect((await thrown(firstValueFrom(client.get('http://web/broken')))).response?.status).toBe(500);
    expect(discovery.of('web').candidates).toHaveLength(2);
  });

  it('sends requests to the endpoints of the service in turn, and returns the configuration of the caller', async () => {
    const one = await world.serve('web', 'one', (request, response) => {
      response.end(`${request.headers.host} ${request.url}`);
    });
    const two = await world.serve('web', 'two', saying('two'));
    const { client } = await boot();
    const responses = [];
    for (let call = 0; call < 4; call++)
      responses.push(await firstValueFrom(client.get('/a', { baseURL: 'http://web', params: { b: 1 } })));
    expect([one.requests, two.requests]).toEqual([2, 2]);
    expect(responses.map(({ data }) => data as string)).toContain('web /a?b=1');
    expect(responses[0]!.config).toMatchObject({ baseURL: 'http://web', url: '/a' });
    expect(responses[0]!.config.headers.has('Host')).toBe(false);
  });

  it('connects to another endpoint when one refuses, also with a POST', async () => {
    const one = await world.serve('web', 'one', saying('one'));
    await world.register('web', 'dead', {});
    const { client } = await boot();
    for (let call = 0; call < 4; call++)
      expect((await firstValueFrom(client.post('http://web/', { x: 1 }))).data).toBe('one');
    expect(one.requests).toBe(4);
  });

  it('repeats a GET after a 503, and not a POST', async () => {
    await world.serve('web', 'one', saying('one'));
    const busy = await world.serve('web', 'busy', saying('busy', 503));
    const { client } = await boot();
    for (let call = 0; call < 4; call++)
      expect((await firstValueFrom(client.get('http://web/'))).data).toBe('one');
    const before = busy.requests;
    expect(before).toBeGreaterThan(0);
    const posts = await Promise.allSettled(
      [1, 2].map(async (x) => await firstValueFrom(client.post('http://web/', { x }))),
    );
    expect(posts.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const rejected = posts.find((result) => result.status === 'rejected');
    expect(rejected!.reason).toBeInstanceOf(AxiosError);
    expect(rejected!.reason).toMatchObject({
      status: 503,
      config: { url: 'http://web/' },
      response: { data: 'busy', config: { url: 'http://web/' } },
    });
  });

  it('rejects with an AxiosError of status 503 when there is no endpoint', async () => {
    const { client } = await boot();
    const error = await thrown(firstValueFrom(client.get('http://web/')));
    expect(error).toBeInstanceOf(AxiosError);
    expect(error).toMatchObject({ status: 503, statusCode: 503, code: 'SIDEKICK_NO_ENDPOINTS' });
    expect(error.cause).toBeInstanceOf(NoEndpointsError);
    expect(error.config?.url).toBe('http://web/');
  });

  it('rejects with an AxiosError for a host that is no service', async () => {
    const { client } = await boot();
    const error = await thrown(firstValueFrom(client.get('http://localhost/')));
    expect(error).toBeInstanceOf(AxiosError);
    expect(error.code).toBe('SIDEKICK_UNKNOWN_SERVICE');
  });

  it("uses the error class of the caller's copy", async () => {
    const { http } = await boot();
    const common = createRequire(import.meta.url)('axios') as AxiosStatic;
    expect(common.AxiosError).not.toBe(AxiosError);
    const error = await thrown(common.get('http://web/', { adapter: http.axiosAdapter }));
    expect(error).toBeInstanceOf(common.AxiosError);
    expect(common.isAxiosError(error)).toBe(true);
  });

  it('follows a relative redirect, and an absolute one to the service, with the credentials', async () => {
    await world.serve('web', 'one', (request, response) => {
      const { url = '', headers } = request;
      if (url === '/relative') response.writeHead(302, { location: '/absolute' }).end();
      else if (url === '/absolute') response.writeHead(307, { location: 'http://web/end' }).end();
      else response.end(`${headers.host} ${url} ${headers.authorization}`);
    });
    const { client } = await boot();
    const { data } = await firstValueFrom(
      client.get<string>('http://web/relative', { headers: { Authorization: 'Bearer x' } }),
    );
    expect(data).toBe('web /end Bearer x');
  });

  it('does not follow a redirect to a host that is no service', async () => {
    await world.serve('web', 'one', (_request, response) => {
      response.writeHead(302, { location: 'http://localhost/' }).end();
    });
    const { client } = await boot();
    const error = await thrown(firstValueFrom(client.get('http://web/')));
    expect(error.code).toBe('ERR_FR_REDIRECTION_FAILURE');
    expect(error.message).toContain('Unknown service "localhost"');
  });

  it('calls the beforeRedirect of the caller with the name of the service', async () => {
    await world.serve('web', 'one', (request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/next' }).end();
      else response.end('next');
    });
    const { client } = await boot();
    const seen: unknown[] = [];
    const beforeRedirect: AxiosRequestConfig['beforeRedirect'] = ({
      hostname,
      path,
    }: Record<string, unknown>) => void seen.push([hostname, path]);
    await firstValueFrom(client.get('http://web/', { beforeRedirect }));
    expect(seen).toEqual([['web', '/next']]);
  });

  it("has the caller's timeout over all attempts, and its signal first", async () => {
    await world.serve('web', 'mute', () => undefined);
    const balancer = new CountingBalancer();
    const { client } = await boot({ services: [{ name: 'web', balancer }] });
    const late = await thrown(firstValueFrom(client.get('http://web/', { timeout: 100 })));
    expect(late).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 100ms exceeded' });
    const controller = new AbortController();
    const aborted = thrown(firstValueFrom(client.get('http://web/', { signal: controller.signal })));
    controller.abort();
    expect(await aborted).toMatchObject({ code: 'ERR_CANCELED' });
    expect(balancer.outcomes).toEqual(['mute aborted', 'mute aborted']);
  });

  it('counts a streamed response until it ends', async () => {
    await world.serve('web', 'one', (_request, response) => {
      response.write('begin');
    });
    const balancer = new CountingBalancer();
    const { client } = await boot({ services: [{ name: 'web', balancer }] });
    const { data } = await firstValueFrom(client.get<Readable>('http://web/', { responseType: 'stream' }));
    data.resume();
    expect(balancer.inFlight).toBe(1);
    data.destroy();
    await finished(data).catch(() => undefined);
    await until('the call to be counted as ended', () => balancer.inFlight === 0);
  });

  it('never sends a stream twice', async () => {
    const one = await world.serve('web', 'one', saying('one'));
    await world.register('web', 'dead', {});
    const { client } = await boot();
    const results = await Promise.allSettled(
      [1, 2].map(async () => await firstValueFrom(client.put('http://web/', Readable.from(['a', 'b'])))),
    );
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(one.requests).toBe(1);
  });

  it('gives up a connection that does not open', async () => {
    await world.serve('web', 'one', saying('one'));
    const silent = await SilentServer.listen();
    await world.register('web', 'silent', { port: silent.port });
    const { client } = await boot({ services: [{ name: 'web', retry: { connectTimeout: 1.5 } }] });
    for (let call = 0; call < 2; call++)
      expect((await firstValueFrom(client.post('http://web/', 'x'))).data).toBe('one');
    await silent.close();
  });

  it('resets are repeated when that is safe', async () => {
    await world.serve('web', 'one', saying('one'));
    await world.serve(
      'web',
      'reset',
      createServer((request) => request.socket.destroy()),
    );
    const { client } = await boot();
    for (let call = 0; call < 4; call++)
      expect((await firstValueFrom(client.get('http://web/'))).data).toBe('one');
  });
});
