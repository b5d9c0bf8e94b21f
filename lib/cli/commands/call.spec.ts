import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { type RecordedTerminal, recordedTerminal } from '../../../test/harness/terminal.js';
import { until } from '../../../test/harness/wait.js';
import { deferred } from '../../common/async/deferred.js';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/logger.js';
import { completeInstance } from '../../registry/instance.js';
import { registryPool } from '../../registry/registry-pool.js';
import { registrySource } from '../../registries/registry-url.js';
import { piloted } from '../piloted.js';

const URL = 'memory:call-spec';
const NEVER = new AbortController().signal;

describe('piloted call', () => {
  let terminal: RecordedTerminal;
  let server: Server;
  let release: () => Promise<void>;

  async function serve(answer: RequestListener): Promise<void> {
    server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
    const pooled = await registryPool.acquire(registrySource(URL, {}), deps);
    const session = await pooled.registry.openSession({ ttl: 60 }, NEVER);
    const { port } = server.address() as AddressInfo;
    const instance = completeInstance({ service: 'web', id: 'one', address: '127.0.0.1', port });
    await session.write({ kind: 'instance', instance }, undefined, NEVER);
    release = async () => {
      await session.end(NEVER);
      await pooled.release();
    };
  }

  beforeEach(() => {
    terminal = recordedTerminal({ env: { SIDEKICK_REGISTRY: URL } });
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await release();
  });

  const call = async (...args: string[]): Promise<number> =>
    await piloted(['call', 'web', '/', ...args], terminal);

  it('ends with an interruption while it prints a body without an end', async () => {
    await serve((_request, response) => response.write('begin'));
    const calling = call();
    await until('the first part', () => terminal.written.length > 0);
    terminal.interrupt();
    expect(await calling).toBe(0);
    expect(terminal.errLines).toEqual([]);
  });

  it('exits with 130 when it is interrupted before the response', async () => {
    let isAsked = false;
    await serve(() => (isAsked = true));
    const calling = call();
    await until('the request', () => isAsked);
    terminal.interrupt();
    expect(await calling).toBe(130);
    expect(terminal.errLines).toEqual([]);
  });

  it('reads no more of the body than its output takes', async () => {
    let isSent = false;
    await serve((_request, response) => {
      const parts = (function* () {
        for (let part = 0; part < 128; part += 1) yield Buffer.alloc(256 * 1_024);
        isSent = true;
      })();
      Readable.from(parts).pipe(response);
    });
    const taken = deferred<void>();
    const drained = (): Promise<void> => taken.promise;
    terminal = recordedTerminal({ env: { SIDEKICK_REGISTRY: URL }, drained });
    const calling = call();
    await until('the first part', () => terminal.written.length > 0);
    // A part that has arrived would be written now.
    await new Promise((resolve) => setImmediate(resolve));
    const before = [terminal.written.length, isSent];
    taken.resolve();
    expect(await calling).toBe(0);
    expect(before).toEqual([1, false]);
    expect(isSent).toBe(true);
  });

  it('says that the response broke off', async () => {
    await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half');
      setImmediate(() => response.destroy());
    });
    expect(await call()).toBe(1);
    expect(terminal.errLines).toEqual([
      expect.stringMatching(/^piloted call: The response of web at 127\.0\.0\.1:\d+ broke off: \S/),
    ]);
  });

  it.each([
    [['-X', 'GET', '-d', 'x'], 'Expected a request that can be sent: '],
    [['-X', 'NO METHOD'], 'Expected a request that can be sent: '],
    [['-H', 'n\u00e4me: x'], 'Expected `header` to be `NAME: VALUE` with characters that HTTP allows'],
  ])('refuses %j', async (args, message) => {
    await serve((_request, response) => response.end());
    expect(await call(...args)).toBe(2);
    expect(terminal.errLines[0]).toContain(message);
  });
});
