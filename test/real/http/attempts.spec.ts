import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHANNELS, type RequestEndMessage } from '../../../lib/common/diagnostics.js';
import { DeadlineExceededError } from '../../../lib/common/errors/index.js';
import { type ServiceOptions } from '../../../lib/piloted/piloted.options.js';
import { until } from '../../harness/wait.js';
import { SilentServer } from './silent-server.js';
import { CountingBalancer, saying, World } from './support.js';

let world: World;
let balancer: CountingBalancer;

beforeEach(() => {
  world = new World();
  balancer = new CountingBalancer();
});

afterEach(async () => {
  await world.end();
});

const boot = async (options: Partial<ServiceOptions> = {}) =>
  await world.boot({ services: [{ name: 'web', balancer, outlierDetection: false, ...options }] });

const text = async (response: Promise<Response>): Promise<string> => await (await response).text();
const thrown = async (promise: Promise<unknown>): Promise<Error> =>
  await promise.then(
    () => {
      throw new Error('Expected a rejection.');
    },
    (error: unknown) => error as Error,
  );
const allEnded = (): Promise<unknown> => until('every call to be ended', () => balancer.inFlight === 0);

describe('the attempts of ServiceHttp.fetch', () => {
  it('gives up a connection that does not open, and keeps all bytes of a stream', async () => {
    let bytes = 0;
    await world.serve('web', 'one', (request, response) => {
      request.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => response.end('one'));
    });
    const silent = await SilentServer.listen();
    await world.register('web', 'silent', { port: silent.port });
    const { http } = await boot({ retry: { connectTimeout: 1.5 } });
    for (let call = 0; call < 2; call++) {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          for (let chunk = 0; chunk < 5; chunk++) controller.enqueue(new Uint8Array(10_000));
          controller.close();
        },
      });
      const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
      expect(await text(http.fetch('http://web/', init))).toBe('one');
    }
    expect(bytes).toBe(100_000);
    expect(balancer.outcomes.toSorted()).toEqual(['one success', 'one success', 'silent failure']);
    await silent.close();
  });

  it('ends a call that is aborted while it connects at once', async () => {
    const silent = await SilentServer.listen();
    await world.register('web', 'silent', { port: silent.port });
    const { http } = await boot({ retry: { connectTimeout: 60 } });
    const controller = new AbortController();
    const pending = thrown(http.fetch('http://web/', { signal: controller.signal }));
    await until('the attempt to begin', () => balancer.inFlight === 1);
    controller.abort();
    expect((await pending).name).toBe('AbortError');
    expect(balancer.outcomes).toEqual(['silent aborted']);
    await silent.close();
  });

  it('counts a response until its body ends, and passes an aborted download on', async () => {
    let closed = false;
    await world.serve('web', 'one', (_request, response) => {
      response.on('close', () => (closed = true));
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    });
    const { http } = await boot();
    const response = await http.fetch('http://web/');
    const reader = response.body!.getReader();
    const { value } = (await reader.read()) as { readonly value?: Uint8Array };
    expect(Buffer.from(value ?? []).toString()).toBe('data: 1\n\n');
    expect(balancer.inFlight).toBe(1);
    await reader.cancel();
    await until('the server to see the end', () => closed);
    await allEnded();
    expect(balancer.outcomes).toEqual(['one aborted']);
  });

  it('reads no faster than the application', async () => {
    let written = 0;
    await world.serve('web', 'one', (_request, response) => {
      const chunk = Buffer.alloc(65_536);
      const write = (): void => {
        while (response.write(chunk)) written += chunk.length;
        response.once('drain', write);
      };
      write();
    });
    const { http } = await boot();
    const response = await http.fetch('http://web/');
    let before = -1;
    await until(
      'the server to wait',
      () => {
        const still = written === before;
        before = written;
        return still;
      },
      { every: 200 },
    );
    expect(written).toBeLessThan(50_000_000);
    await response.body!.cancel();
    await allEnded();
  });

  it('has one deadline over all attempts and the body', async () => {
    await world.serve('web', 'one', (_request, response) => {
      response.write('begin');
    });
    await world.serve('web', 'mute', () => undefined);
    const { http } = await boot();
    const service = { timeout: 1.5 };
    const ends = await Promise.all(
      [1, 2].map(async () => await thrown(text(http.fetch('http://web/', { service })))),
    );
    // The one is late before its response, the other in its body.
    expect(ends.filter((error) => error instanceof DeadlineExceededError)).toHaveLength(1);
    expect(ends.filter(({ name }) => name === 'TypeError')).toHaveLength(1);
    await allEnded();
  });

  it('tries another endpoint after perTryTimeout, if that is safe', async () => {
    await world.serve('web', 'one', saying('one'));
    const mute = await world.serve('web', 'mute', () => undefined);
    const { http } = await boot({ retry: { perTryTimeout: 1.5 } });
    expect(await text(http.fetch('http://web/'))).toBe('one');
    expect(await text(http.fetch('http://web/'))).toBe('one');
    const posts = await Promise.allSettled(
      [1, 2].map(async () => await text(http.fetch('http://web/', { method: 'POST' }))),
    );
    expect(posts.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(mute.requests).toBe(2);
    expect(balancer.outcomes.filter((end) => end === 'mute failure')).toHaveLength(2);
  });

  it('repeats a POST with an Idempotency-Key, body included', async () => {
    await world.serve('web', 'one', (request, response) => request.pipe(response));
    await world.serve('web', 'busy', saying('busy', 503));
    const { http } = await boot();
    const headers = { 'Idempotency-Key': 'k' };
    for (let call = 0; call < 2; call++)
      expect(await text(http.fetch('http://web/', { method: 'POST', headers, body: 'hello' }))).toBe('hello');
  });

  it('sends a form twice with the same boundary', async () => {
    const bodies: string[] = [];
    const answer = (status: number) => (request: NodeJS.ReadableStream, response: ServerResponse) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(status).end();
      });
    };
    await world.serve('web', 'one', answer(200));
    await world.serve('web', 'busy', answer(502));
    const { http } = await boot();
    const form = new FormData();
    form.set('file', new Blob(['content']), 'name.txt');
    for (let call = 0; call < 2; call++)
      expect((await http.fetch('http://web/', { method: 'PUT', body: form })).status).toBe(200);
    const [first, second, third] = bodies;
    expect(bodies).toHaveLength(3);
    expect([first === second, second === third].filter(Boolean)).toHaveLength(1);
  });

  it('returns the last answer when no attempt is left, and spends the budget', async () => {
    await world.serve('web', 'one', saying('one', 503));
    await world.serve('web', 'two', saying('two', 503));
    const { http } = await boot({ retry: { budget: 0, minPerSecond: 0.1 } });
    expect((await http.fetch('http://web/')).status).toBe(503);
    expect((await http.fetch('http://web/')).status).toBe(503);
    await allEnded();
    expect(balancer.outcomes).toHaveLength(3);
  });

  it('does not retry with retry false, nor a status that is not named', async () => {
    await world.serve('web', 'one', saying('one', 503));
    const { http } = await boot();
    await http.fetch('http://web/', { service: { retry: false } });
    await http.fetch('http://web/', { service: { retry: { on: ['connect'] } } });
    await allEnded();
    expect(balancer.outcomes).toEqual(['one failure', 'one failure']);
  });

  it('takes the first of two answers with hedge, and ends the other attempt', async () => {
    await world.serve('web', 'slow', () => undefined);
    await world.serve('web', 'fast', saying('fast'));
    const { http } = await boot();
    for (let call = 0; call < 2; call++)
      expect(await text(http.fetch('http://web/', { service: { hedge: { delay: 0.05 } } }))).toBe('fast');
    await allEnded();
    expect(balancer.outcomes.filter((end) => end !== 'slow aborted')).toEqual([
      'fast success',
      'fast success',
    ]);
    expect(balancer.outcomes).toContain('slow aborted');
  });

  it('follows the caller’s signal in the middle of a retry', async () => {
    await world.serve(
      'web',
      'reset',
      createServer((request) => {
        void sleep(50).then(() => request.socket.destroy());
      }),
    );
    await world.serve('web', 'mute', () => undefined);
    const { http } = await boot();
    const signal = AbortSignal.timeout(300);
    const errors = await Promise.all(
      [1, 2].map(async () => await thrown(http.fetch('http://web/', { signal }))),
    );
    expect(errors.map(({ name }) => name)).toEqual(['TimeoutError', 'TimeoutError']);
    await allEnded();
  });

  it('publishes every attempt and every retry', async () => {
    const ends: RequestEndMessage[] = [];
    const retries: unknown[] = [];
    const onEnd = (message: unknown): void => void ends.push(message as RequestEndMessage);
    const onRetry = (message: unknown): void => void retries.push((message as { result: unknown }).result);
    subscribe(CHANNELS.requestEnd.name, onEnd);
    subscribe(CHANNELS.requestRetry.name, onRetry);
    try {
      await world.serve('web', 'one', saying('one'));
      await world.register('web', 'dead', {});
      const { http } = await boot();
      for (let call = 0; call < 2; call++) await text(http.fetch('http://web/'));
      await allEnded();
    } finally {
      unsubscribe(CHANNELS.requestEnd.name, onEnd);
      unsubscribe(CHANNELS.requestRetry.name, onRetry);
    }
    expect(
      ends.map(({ endpoint, attempt, outcome }) => `${endpoint.id} ${attempt} ${outcome}`).toSorted(),
    ).toEqual(['dead 1 failure', 'one 1 success', 'one 2 success']);
    expect(retries).toEqual(['success']);
  });

  it('ejects no endpoint for a route that always fails on every instance', async () => {
    await world.serve('web', 'one', saying('one', 500));
    await world.serve('web', 'two', saying('two', 500));
    const { http, discovery } = await boot({ outlierDetection: true });
    for (let call = 0; call < 40; call++) await http.fetch('http://web/broken');
    expect(discovery.of('web').candidates).toHaveLength(2);
  });

  it('ends every call of a storm of aborts, timeouts and resets', async () => {
    let turn = 0;
    await world.serve('web', 'odd', (request, response) => {
      turn += 1;
      if (turn % 5 === 0) request.socket.destroy();
      else if (turn % 5 === 1) response.writeHead(503).end('x'.repeat(100));
      else if (turn % 5 === 2) response.write('x');
      else response.end('ok');
    });
    await world.serve('web', 'one', saying('one'));
    const { http } = await boot();
    const call = async (index: number): Promise<void> => {
      const controller = new AbortController();
      if (index % 3 === 0) setTimeout(() => controller.abort(), index % 17);
      const service = { timeout: 0.05, ...(index % 4 === 0 ? { hedge: { delay: 0.005 } } : {}) };
      await text(http.fetch('http://web/', { service, signal: controller.signal })).catch(() => undefined);
    };
    for (let round = 0; round < 10; round++)
      await Promise.all(Array.from({ length: 50 }, (_, index) => call(round * 50 + index)));
    await allEnded();
    expect(balancer.outcomes.length).toBeGreaterThanOrEqual(500);
  });
});
