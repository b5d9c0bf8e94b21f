import { createServer } from 'node:http';
import { NoEndpointsError } from '../../../lib/piloted/no-endpoints.error.js';
import { UnknownServiceError } from '../../../lib/piloted/unknown-service.error.js';
import { Instance, saying, World } from './support.js';

let world: World;

beforeEach(() => {
  world = new World();
});

afterEach(async () => {
  await world.end();
});

const text = async (response: Promise<Response>): Promise<string> => await (await response).text();

describe('ServiceHttp.fetch', () => {
  it('sends requests to the endpoints of the service in turn', async () => {
    const one = await world.serve('web', 'one', saying('one'));
    const two = await world.serve('web', 'two', saying('two'));
    const { http } = await world.boot({ services: ['web'] });
    for (let call = 0; call < 10; call++) await text(http.fetch('http://web/path'));
    expect([one.requests, two.requests]).toEqual([5, 5]);
  });

  it('waits for the first list of a service that is not listed', async () => {
    await world.serve('web', 'one', saying('one'));
    const { http } = await world.boot();
    expect(await text(http.fetch('http://web/'))).toBe('one');
  });

  it('sends the Host header of the service, the path and the query', async () => {
    await world.serve('Web', 'one', (request, response) => {
      response.end(`${request.headers.host} ${request.url}`);
    });
    const { http } = await world.boot({ services: ['Web'] });
    expect(await text(http.fetch(new URL('http://Web/a/b?c=d#e')))).toBe('web /a/b?c=d');
    expect(await text(http.fetch(new Request('http://WEB/?x')))).toBe('web /?x');
  });

  it('calls a named port', async () => {
    const admin = await world.serve('other', 'admin', (request, response) => {
      response.end(`admin ${request.headers.host}`);
    });
    await world.serve('web', 'one', saying('one'), { ports: { Admin: admin.port } });
    const { http } = await world.boot({ services: ['web'] });
    expect(await text(http.fetch('http://_admin.web/'))).toBe('admin web');
    await expect(http.fetch('http://_metrics.web/')).rejects.toThrow(
      'Expected the port "metrics" of the URL to be a named port of service "web", got an endpoint ("one") with Admin.',
    );
  });

  it('sends a request body, and reads the response as a stream', async () => {
    await world.serve('web', 'one', (request, response) => {
      request.pipe(response);
    });
    const { http } = await world.boot({ services: ['web'] });
    const response = await http.fetch('http://web/', { method: 'POST', body: 'x'.repeat(200_000) });
    expect((await response.text()).length).toBe(200_000);
  });

  it('refuses a host that is no service, without a look-up in DNS', async () => {
    const { http } = await world.boot({ services: ['web'] });
    await expect(http.fetch('http://localhost/')).rejects.toBeInstanceOf(UnknownServiceError);
    await expect(http.fetch('http://example.com/')).rejects.toThrow(
      'Unknown service "example.com" at http://example.com. Known services: web. Add it to PilotedModule\'s `services`.',
    );
  });

  it('refuses a URL with a port', async () => {
    const { http } = await world.boot({ services: ['web'] });
    await expect(http.fetch('http://web:3000/')).rejects.toThrow(
      'Expected the URL of service "web" without a port, got "web:3000": the registry knows the port of each endpoint.',
    );
  });

  it('rejects with the reason when there is no endpoint', async () => {
    const { http } = await world.boot({ services: ['web'] });
    const error: unknown = await http.fetch('http://web/').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NoEndpointsError);
    expect(error).toMatchObject({ reason: 'empty', statusCode: 503 });
  });

  it('sends other hosts on with passThrough', async () => {
    const outside = await Instance.listen('outside', saying('outside'));
    const { http } = await world.boot({ services: ['web'] }, { passThrough: true });
    expect(await text(http.fetch(`http://127.0.0.1:${outside.port}/`))).toBe('outside');
    await outside.close();
  });

  it('connects to another endpoint when one refuses', async () => {
    await world.serve('web', 'one', saying('one'));
    await world.register('web', 'dead', {});
    const { http } = await world.boot({ services: ['web'] });
    for (let call = 0; call < 4; call++)
      expect(await text(http.fetch('http://web/', { method: 'POST', body: 'x' }))).toBe('one');
  });

  it('repeats an idempotent request elsewhere after a 503 or a reset, and no other request', async () => {
    await world.serve('web', 'one', saying('one'));
    const busy = await world.serve('web', 'busy', saying('busy', 503));
    await world.serve(
      'web',
      'reset',
      createServer((request) => request.socket.destroy()),
    );
    const { http } = await world.boot({
      services: [{ name: 'web', retry: { attempts: 3 }, outlierDetection: false }],
    });
    for (let call = 0; call < 6; call++)
      expect(await text(http.fetch('http://web/', { method: 'PUT', body: 'x' }))).toBe('one');
    expect(busy.requests).toBeGreaterThan(0);
    const results = await Promise.allSettled(
      Array.from({ length: 3 }, async () => await text(http.fetch('http://web/', { method: 'POST' }))),
    );
    expect(
      results.map((result) => (result.status === 'fulfilled' ? result.value : 'error')).toSorted(),
    ).toEqual(['busy', 'error', 'one']);
  });
});
