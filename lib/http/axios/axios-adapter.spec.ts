import axios, { type AxiosError, type AxiosRequestConfig } from 'axios';
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo } from 'node:net';
import { type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { until } from '../../../test/harness/wait.js';
import { type Call } from '../../balancing/call.js';
import { ServiceCalls } from '../../calling/service-calls.js';
import { type Clock, systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/logger.js';
import { type ServiceHandle } from '../../piloted/service-handle.js';
import { completeInstance } from '../../registry/instance.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { type Routes } from '../routes.js';
import { AxiosAdapter } from './axios-adapter.js';
import { type AxiosConfig } from './axios-types.js';

interface Settings {
  readonly answer?: http.RequestListener;
  readonly clock?: Clock;
  /** Whether the service has its first list. */
  readonly listed?: boolean;
  /** Port of the only instance of the service `shop`. */
  readonly shopPort?: number;
}

describe('AxiosAdapter', () => {
  let ends: string[];
  let warnings: string[];
  let inFlight = 0;
  let close: () => Promise<void>;
  /** Closes the adapter alone. */
  let end: () => void;

  beforeEach(() => {
    ends = [];
    warnings = [];
    inFlight = 0;
    close = () => Promise.resolve();
  });
  afterEach(async () => {
    await close();
  });

  /** A client of axios for the service `web` with one instance. */
  async function client({ answer, clock = systemClock, listed = true, shopPort }: Settings) {
    const server = http.createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const endpoint = completeInstance({ service: 'web', id: 'one', address: '127.0.0.1', port });
    const start = (): Call => {
      inFlight += 1;
      return {
        done: (_error, outcome) => {
          inFlight -= 1;
          ends.push(String(outcome));
        },
      };
    };
    const target = {
      name: 'web',
      revision: listed ? 1 : 0,
      candidates: listed ? [endpoint] : [],
      pick: () => endpoint,
      ready: () => new Promise<void>(() => undefined),
      start,
    };
    const calls = new ServiceCalls(target, {
      service: 'web',
      clock,
      logger: { ...silentLogger, warn: (line) => void warnings.push(line) },
      applicationId: undefined,
    });
    const route = {
      handle: { name: 'web', calls } as unknown as ServiceHandle,
      protocol: 'http:',
      host: 'web',
      portOf: () => port,
      originOf: () => `http://127.0.0.1:${port}`,
      portError: () => new Error('unused') as never,
    };
    const shop = {
      ...route,
      handle: { name: 'shop', calls } as unknown as ServiceHandle,
      host: 'shop',
      portOf: () => shopPort,
    };
    const found = new Map<string, unknown>([
      ['http://web', route],
      ['http://shop', shop],
    ]);
    const routes = { find: (origin: string) => found.get(origin) };
    const adapter = new AxiosAdapter({ routes: routes as unknown as Routes, clock, timeout: undefined });
    end = () => adapter.close();
    close = async () => {
      adapter.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    return async (config: AxiosRequestConfig & { service?: object }) =>
      await axios.request<unknown>({
        url: 'http://web/',
        adapter: async (given) => (await adapter.request(given as unknown as AxiosConfig)) as never,
        ...config,
      });
  }

  const failed = async (call: Promise<unknown>): Promise<AxiosError> =>
    await call.then(
      () => {
        throw new Error('Expected a rejection.');
      },
      (error: unknown) => error as AxiosError,
    );

  it('ends the call of a stream whose status validateStatus refuses, and the caller does not read', async () => {
    const send = await client({ answer: (_request, response) => response.writeHead(404).write('x') });
    const error = await failed(send({ responseType: 'stream' }));
    expect(error.response?.status).toBe(404);
    expect([inFlight, ends]).toEqual([0, ['success']]);
    (error.response!.data as Readable).destroy();
  });

  it('counts a response that breaks off as a failure, and does not repeat it', async () => {
    const answer: http.RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half');
      setImmediate(() => response.destroy());
    };
    const send = await client({ answer });
    await failed(send({}));
    expect(ends).toEqual(['failure']);
  });

  it.each<[string, AxiosRequestConfig]>([
    ['an invalid name of a header', { headers: { 'bad name': 'x' } }],
    [
      'a function of the caller that throws',
      {
        params: { a: 1 },
        paramsSerializer: {
          serialize: () => {
            throw new Error('mine');
          },
        },
      },
    ],
    ['an agent of another protocol', { httpAgent: new https.Agent() }],
  ])('does not blame the endpoint for %s', async (_what, config) => {
    const send = await client({ answer: (_request, response) => response.end() });
    await failed(send(config));
    expect(ends).toEqual(['aborted']);
  });

  it('ends the wait for the first list with the timeout and the signal', async () => {
    const clock = new VirtualClock();
    const send = await client({ clock, listed: false });
    const late = failed(send({ service: { timeout: 2 } }));
    await new Promise(setImmediate);
    await clock.advance(2_000);
    expect(await late).toMatchObject({ code: 'ETIMEDOUT' });
    const controller = new AbortController();
    const canceled = failed(send({ signal: controller.signal }));
    await new Promise(setImmediate);
    controller.abort();
    expect(axios.isCancel(await canceled)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('has the timeout of the call for the body of a stream too', async () => {
    const answer: http.RequestListener = (_request, response) => response.write('begin');
    const clock = new VirtualClock();
    const send = await client({ answer, clock });
    const { data } = await send({ responseType: 'stream', service: { timeout: 2 } });
    const read = expect(text(data as Readable)).rejects.toMatchObject({ code: 'SIDEKICK_DEADLINE_EXCEEDED' });
    await clock.advance(2_000);
    await read;
    expect(ends).toEqual(['aborted']);
  });

  it("keeps a relative redirect at the service also with the caller's own Host", async () => {
    const answer: http.RequestListener = (request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/next' }).end();
      else response.end(`${request.headers.host} ${request.headers.authorization}`);
    };
    const send = await client({ answer });
    const headers = { host: 'tenant.example', authorization: 'Bearer x' };
    expect((await send({ headers })).data).toBe('tenant.example Bearer x');
    expect(ends).toEqual(['success', 'success']);
  });

  it('keeps the option auth on a redirect within the service', async () => {
    const answer: http.RequestListener = (request, response) => {
      if (request.url === '/') response.writeHead(302, { location: '/next' }).end();
      else if (request.url === '/next') response.writeHead(302, { location: 'http://web/end' }).end();
      else response.end(request.headers.authorization);
    };
    const send = await client({ answer });
    const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    expect((await send({ auth: { username: 'me', password: 'secret' } })).data).toBe(basic);
  });

  describe('after a redirect to another place', () => {
    let other: http.Server;

    beforeEach(async () => {
      other = http.createServer((request, response) => {
        if (request.url === '/first') response.writeHead(302, { location: '/second' }).end();
        else response.writeHead(500).end(`other ${request.url} ${request.headers.authorization}`);
      });
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    });
    afterEach(async () => {
      other.closeAllConnections();
      await new Promise((resolve) => other.close(resolve));
    });

    it.each([
      ['a host that is no service', (port: number) => `127.0.0.1:${port}`, ['success']],
      ['another service', () => 'shop', ['success', 'success', 'failure']],
    ])('stays at %s, without the credentials', async (_what, host, expected) => {
      const { port } = other.address() as AddressInfo;
      const location = `http://${host(port)}/first`;
      const answer: http.RequestListener = (_request, response) =>
        response.writeHead(302, { location }).end();
      const send = await client({ answer, shopPort: port });
      const auth = { username: 'me', password: 'secret' };
      const { response } = await failed(send({ auth }));
      expect(response?.data).toBe('other /second undefined');
      expect([inFlight, ends]).toEqual([0, expected]);
    });
  });

  it('leaves the requests under way when it is closed, and keeps no connection', async () => {
    const requests: http.ServerResponse[] = [];
    const sockets = new Set<unknown>();
    const send = await client({
      answer: (request, response) => {
        sockets.add(request.socket);
        request.socket.once('close', () => sockets.delete(request.socket));
        if (request.url === '/slow') requests.push(response);
        else response.end('fast');
      },
    });
    await send({});
    const slow = send({ url: 'http://web/slow', service: { retry: false } });
    await until('the request', () => requests.length > 0);
    end();
    requests[0]!.end('answered');
    expect((await slow).data).toBe('answered');
    await until('the connections to be closed', () => sockets.size === 0);
  });

  it.each([false, null])('sends a request with the agent %s', async (httpAgent) => {
    const send = await client({
      answer: ({ headers }, response) => response.end(headers.connection),
    });
    // As Node's own client: `false` is an agent without keep-alive.
    const { data } = await send({ httpAgent });
    expect(data).toBe(httpAgent === false ? 'close' : 'keep-alive');
    expect(ends).toEqual(['success']);
  });

  it('leaves a data: URL to axios', async () => {
    const send = await client({});
    expect((await send({ url: 'data:text/plain,hello', responseType: 'text' })).data).toBe('hello');
  });

  it('refuses a URL that is not absolute, and names baseURL', async () => {
    const send = await client({});
    const error = await failed(send({ url: '/heroes' }));
    expect(error).toMatchObject({ isAxiosError: true, code: 'SIDEKICK_INVALID_OPTION' });
    expect(error.message).toBe(
      'Expected `url` to be an absolute URL such as http://appserver/path, or a path below a `baseURL`, got "/heroes".',
    );
  });

  it('warns once of a hedge, which it does not have', async () => {
    const send = await client({ answer: (_request, response) => response.end() });
    for (let n = 0; n < 2; n++) await send({ service: { hedge: { delay: 1 } } });
    expect(warnings).toEqual([
      expect.stringContaining('Ignoring `service.hedge` of a request to service "web"'),
    ]);
  });
});
