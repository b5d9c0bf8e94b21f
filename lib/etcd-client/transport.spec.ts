import { VirtualClock } from '../testing/virtual-clock.js';
import { EtcdTransport } from './transport.js';
import { type EtcdConnection } from './connection.js';
import { ClusterError, EtcdResponseError } from './errors/index.js';
import { type EtcdRequest } from './request.js';

const ABC = ['http://a:1', 'http://b:1', 'http://c:1'];
const REFUSED =
  '14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED. Resolution note: ';
const DROPPED = '14 UNAVAILABLE: Connection dropped';

const NO_LEADER = '14 UNAVAILABLE: etcdserver: no leader';

/** The response of each endpoint: a value, an error message, or none. */
type Script = Record<string, { value?: string; error?: string; silent?: true }>;

interface Bench {
  readonly transport: EtcdTransport;
  readonly clock: VirtualClock;
  readonly asked: string[];
  readonly closed: string[];
  readonly logged: string[];
  request(options?: Partial<EtcdRequest<string>>): EtcdRequest<string>;
}

async function bench(
  script: Script,
  options: object = {},
  authenticate = async (): Promise<{ token: string }> => await Promise.resolve({ token: 't' }),
): Promise<Bench> {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const closed: string[] = [];
  const logged: string[] = [];
  const transport = await EtcdTransport.create(
    { endpoints: ABC, headerTimeoutPerRequest: 1, ...options },
    {
      clock,
      random: () => 0,
      logger: { log: (line) => logged.push(line), warn: () => undefined, error: () => undefined },
      connect: (endpoint) =>
        ({
          endpoint,
          close: () => closed.push(endpoint),
          auth: { authenticate },
        }) as unknown as EtcdConnection,
    },
  );
  return {
    transport,
    clock,
    asked,
    closed,
    logged,
    request: (given) => ({
      what: 'reading',
      command: () => ['get', '/a b'],
      run: async ({ endpoint }) => {
        asked.push(endpoint);
        const { value = 'ok', error, silent } = script[endpoint] ?? {};
        if (silent) return await new Promise(() => undefined);
        if (error !== undefined) throw new Error(error);
        return await Promise.resolve(value);
      },
      ...given,
    }),
  };
}

const caught = (error: unknown): unknown => error;

describe('EtcdTransport', () => {
  it('stays on one endpoint while it works', async () => {
    const { transport, request, asked } = await bench({});
    for (let i = 0; i < 5; i++) await transport.call(request());
    expect(asked).toEqual(Array.from({ length: 5 }, () => 'http://a:1'));
  });

  it('retires the connection of a failed endpoint and pins the one that works', async () => {
    const { transport, request, asked, closed } = await bench({ 'http://a:1': { error: DROPPED } });
    expect(await transport.call(request())).toBe('ok');
    expect(transport.pinned).toBe('http://b:1');
    expect(closed).toEqual(['http://a:1']);
    await transport.call(request());
    expect(asked).toEqual(['http://a:1', 'http://b:1', 'http://b:1']);
  });

  it('tries the next endpoint after the timeout', async () => {
    const { transport, request, clock } = await bench({ 'http://a:1': { silent: true } });
    const call = transport.call(request());
    await clock.advance(999);
    expect(transport.pinned).toBe('http://a:1');
    await clock.advance(1);
    expect(await call).toBe('ok');
    expect(clock.pending).toBe(0);
  });

  it('retires a connection that was silent for the whole timeout, and keeps one with a late response', async () => {
    const { transport, request, clock, closed } = await bench({ 'http://a:1': { silent: true } });
    transport.setEndpoints('http://a:1');
    const ask = async (timeoutMs: number): Promise<unknown> => {
      const call = transport.call(request({ timeoutMs })).catch(caught);
      await clock.advance(timeoutMs);
      return await call;
    };
    expect(await ask(400)).toBeInstanceOf(ClusterError);
    expect(await ask(400)).toBeInstanceOf(ClusterError);
    expect(closed).toEqual([]);
    expect(await ask(400)).toBeInstanceOf(ClusterError);
    expect(closed).toEqual(['http://a:1']);
  });

  it('makes a request once more whose deadline passed while the event loop was blocked, at the same endpoint', async () => {
    const script: Script = { 'http://a:1': { silent: true } };
    const { transport, request, clock, asked } = await bench(script);
    transport.setEndpoints('http://a:1');
    const call = transport.call(request());
    const single = transport.call(request({ oneShot: true })).catch(caught);
    await clock.advance(0);
    delete script['http://a:1'];
    await clock.jump(5_000);
    await clock.advance(0);
    expect(await call).toBe('ok');
    expect(await single).toBeInstanceOf(ClusterError);
    expect(asked).toHaveLength(3);
  });

  it('does not repeat a one-shot request that may have been processed', async () => {
    const { transport, request, asked } = await bench({ 'http://a:1': { error: DROPPED } });
    const error = await transport.call(request({ oneShot: true })).catch(caught);
    expect(error).toBeInstanceOf(ClusterError);
    expect((error as ClusterError).errors).toHaveLength(1);
    expect(asked).toEqual(['http://a:1']);
    expect(transport.pinned).toBe('http://b:1');
  });

  it('sends a one-shot request to another endpoint when the first did not receive it', async () => {
    const { transport, request } = await bench({ 'http://a:1': { error: REFUSED } });
    expect(await transport.call(request({ oneShot: true }))).toBe('ok');
  });

  it('reports the error of every endpoint, in order', async () => {
    const { transport, request } = await bench({
      'http://a:1': { error: REFUSED },
      'http://b:1': { error: DROPPED },
      'http://c:1': { error: '14 UNAVAILABLE: etcdserver: leader is gone' },
    });
    const error = (await transport.call(request()).catch(caught)) as ClusterError;
    expect(error.message).toBe(
      'etcd cluster is unavailable or misconfigured; error #0: http://a:1: connect ECONNREFUSED; ' +
        'error #1: http://b:1: Connection dropped; error #2: http://c:1: etcdserver: leader is gone',
    );
    expect(error.detail()).toBe(
      'error #0: http://a:1: connect ECONNREFUSED\nerror #1: http://b:1: Connection dropped\n' +
        'error #2: http://c:1: etcdserver: leader is gone\n',
    );
    expect(transport.pinned).toBe('http://a:1');
  });

  describe('while the members elect a leader', () => {
    const electing = (): Script => ({
      'http://a:1': { silent: true },
      'http://b:1': { error: '14 UNAVAILABLE: etcdserver: leader changed' },
      'http://c:1': { error: NO_LEADER },
    });

    it('tries all endpoints once more, those that answered first', async () => {
      const script = electing();
      const { transport, request, clock, asked } = await bench(script);
      const call = transport.call(request());
      await clock.advance(1_000);
      script['http://c:1'] = { value: 'of the new leader' };
      await clock.advance(500);
      expect(await call).toBe('of the new leader');
      expect(asked).toEqual(['a', 'b', 'c', 'b', 'c'].map((host) => `http://${host}:1`));
      expect(transport.pinned).toBe('http://c:1');
      expect(clock.pending).toBe(0);
    });

    it('gives up after the second round, with every error', async () => {
      const { transport, request, clock } = await bench(electing());
      const call = transport.call(request()).catch(caught);
      await clock.advance(2_500);
      expect(await call).toBeInstanceOf(ClusterError);
      expect(((await call) as ClusterError).errors.map(({ endpoint }) => endpoint)).toEqual(
        ['a', 'b', 'c', 'b', 'c', 'a'].map((host) => `http://${host}:1`),
      );
      expect(clock.pending).toBe(0);
    });

    it('ends the pause when the caller aborts', async () => {
      const { transport, request, clock, asked } = await bench(electing());
      const controller = new AbortController();
      const reason = new Error('changed my mind');
      const call = transport.call(request(), controller.signal).catch(caught);
      await clock.advance(1_100);
      controller.abort(reason);
      expect(await call).toBe(reason);
      expect(asked).toHaveLength(3);
      expect(clock.pending).toBe(0);
    });

    it('does not repeat a one-shot request', async () => {
      const { transport, request, clock, asked } = await bench({
        'http://a:1': { error: NO_LEADER },
        'http://b:1': { error: NO_LEADER },
        'http://c:1': { error: NO_LEADER },
      });
      const call = transport.call(request({ oneShot: true })).catch(caught);
      await clock.advance(1_000);
      expect(await call).toBeInstanceOf(ClusterError);
      expect(asked).toHaveLength(3);
    });
  });

  it('tries the next endpoint when another server answers', async () => {
    const { transport, request } = await bench({
      'http://a:1': { error: '12 UNIMPLEMENTED: Received HTTP status code 404' },
    });
    expect(await transport.call(request({ oneShot: true }))).toBe('ok');
    expect(transport.pinned).toBe('http://b:1');
  });

  it('does not retry a refusal by the cluster', async () => {
    const { transport, request, asked } = await bench({
      'http://a:1': { error: '7 PERMISSION_DENIED: etcdserver: permission denied' },
    });
    const error = await transport.call(request()).catch(caught);
    expect(error).toBeInstanceOf(EtcdResponseError);
    expect(error).toMatchObject({ permissionDenied: true, status: 7, endpoint: 'http://a:1' });
    expect(asked).toHaveLength(1);
  });

  it('passes on the errors of `run` itself', async () => {
    const { transport, request } = await bench({ 'http://a:1': { error: 'of my own' } });
    await expect(transport.call(request())).rejects.toThrow(/^of my own$/);
  });

  it('rejects with the reason of the caller’s signal before any other error', async () => {
    const { transport, request, asked, clock } = await bench({ 'http://a:1': { silent: true } });
    const reason = new Error('changed my mind');
    await expect(transport.call(request(), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(asked).toEqual([]);
    const controller = new AbortController();
    const call = transport.call(request(), controller.signal);
    await clock.advance(10);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });

  it('renews an expired token and repeats the request once', async () => {
    const { transport, request } = await bench({}, { username: 'u', password: 'p' });
    let asked = 0;
    const stale = request({
      run: async () => {
        asked += 1;
        if (asked === 1) throw new Error('16 UNAUTHENTICATED: etcdserver: the auth token is no longer valid');
        return await Promise.resolve('ok');
      },
    });
    expect(await transport.call(stale)).toBe('ok');
    const hopeless = request({
      run: async () => {
        asked += 1;
        return await Promise.reject(
          new Error('16 UNAUTHENTICATED: etcdserver: the auth token is no longer valid'),
        );
      },
    });
    asked = 0;
    await expect(transport.call(hopeless)).rejects.toThrow(EtcdResponseError);
    expect(asked).toBe(2);
  });

  it('logs in when authentication is enabled after the first login', async () => {
    const USER_EMPTY = '3 INVALID_ARGUMENT: etcdserver: user name is empty';
    let enabled = false;
    let logins = 0;
    const authenticate = async (): Promise<{ token: string }> => {
      logins += 1;
      if (enabled) return await Promise.resolve({ token: 't' });
      throw new Error('9 FAILED_PRECONDITION: etcdserver: authentication is not enabled');
    };
    const user = { username: 'u', password: 'p' };
    const { transport, request } = await bench({}, user, authenticate);
    let loginsNeeded = 0;
    const guarded = request({
      oneShot: true,
      run: async () => {
        if (logins < loginsNeeded) throw new Error(USER_EMPTY);
        return await Promise.resolve('ok');
      },
    });
    expect(await transport.call(guarded)).toBe('ok');
    expect(await transport.call(guarded)).toBe('ok');
    expect(logins).toBe(1);
    enabled = true;
    loginsNeeded = 2;
    expect(await transport.call(guarded)).toBe('ok');
    expect(logins).toBe(2);

    const anonymous = await bench({ 'http://a:1': { error: USER_EMPTY } });
    await expect(anonymous.transport.call(anonymous.request())).rejects.toThrow(EtcdResponseError);
  });

  it('logs each request as a command without secrets, with `debug`', async () => {
    const { transport, request, logged } = await bench(
      {},
      { debug: true, username: 'u', password: 'canary' },
    );
    await transport.call(request());
    expect(logged).toEqual(["etcdctl --endpoints=http://a:1 --user=u:*** get '/a b'"]);
  });

  it('ends pending requests when it is closed', async () => {
    const { transport, request, clock, closed } = await bench({ 'http://a:1': { silent: true } });
    const call = transport.call(request());
    await clock.advance(10);
    transport.close();
    await expect(call).rejects.toMatchObject({ code: 'SIDEKICK_CLOSED' });
    await expect(transport.call(request())).rejects.toMatchObject({ code: 'SIDEKICK_CLOSED' });
    expect(clock.pending).toBe(0);
    expect(closed).toEqual(['http://a:1']);
    transport.close();
  });

  it('closes the connections of removed endpoints, and keeps the pin when the set is equal', async () => {
    const { transport, request, closed } = await bench({});
    await transport.call(request());
    transport.setEndpoints([...ABC].reverse());
    expect(transport.pinned).toBe('http://a:1');
    transport.setEndpoints('http://d:1');
    expect(closed).toEqual(['http://a:1']);
    expect(transport.pinned).toBe('http://d:1');
    expect(() => {
      transport.setEndpoints([]);
    }).toThrow(/`endpoints`/);
  });

  it('refuses an interval of autoSync that is most likely meant as milliseconds', async () => {
    const { transport } = await bench({});
    for (const wrong of [0, NaN, 10_000])
      await expect(transport.autoSync(wrong)).rejects.toThrow(
        `Expected \`interval\` to be a number of seconds, greater than 0 and at most 3600, got ${wrong}.`,
      );
  });
});
