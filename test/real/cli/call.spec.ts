import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { openFileRegistry } from '../../../lib/registries/file/file-registry.js';
import { completeInstance, type PartialInstance } from '../../../lib/registry/instance.js';
import { type Registry, type Session } from '../../../lib/registry/registry.js';
import { CertificateAuthority } from '../../harness/certificates.js';
import { freePorts } from '../../harness/ports.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { Program } from './program.js';

const NEVER = new AbortController().signal;

/** Answers with what arrived. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  let body = '';
  request.on('data', (chunk) => (body += String(chunk)));
  request.on('end', () => {
    const { method, url, headers } = request;
    if (url === '/silent') return;
    if (url === '/missing') response.statusCode = 404;
    if (url === '/cookies') response.setHeader('set-cookie', ['a=1', 'b=2']);
    if (url === '/elsewhere') response.writeHead(302, { location: 'http://localhost/' });
    response.end(JSON.stringify({ method, url, host: headers.host, accept: headers.accept, body }));
  });
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

describe('piloted call', () => {
  let folder: string;
  let registry: Registry;
  let session: Session;
  let web: Server;
  let secure: Server;
  let ca: string;
  /** A port on which nothing listens. */
  let closed: number;
  let program: Program | undefined;

  beforeAll(async () => {
    folder = await tempFolder('call');
    const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
    registry = await openFileRegistry(`file:${folder}`, folder, deps);
    session = await registry.openSession({ ttl: 600 }, NEVER);
    const issuer = CertificateAuthority.create('test');
    ca = join(folder, 'ca.pem');
    await writeFile(ca, issuer.pem);
    const { cert, key } = issuer.issue({ commonName: 'pay', hosts: ['pay'] });
    web = createServer(echo).listen(0, '127.0.0.1');
    secure = createSecureServer({ cert, key }, echo).listen(0, '127.0.0.1');
    await Promise.all([once(web, 'listening'), once(secure, 'listening')]);
    [closed = 0] = await freePorts(1);
    await announce({ service: 'web', id: 'one', port: portOf(web), ports: { admin: portOf(web) } });
    await announce({ service: 'pay', id: 'one', port: portOf(secure) });
    await announce({ service: 'dead', id: 'one', port: closed });
    await announce({ service: 'half', id: 'one', port: closed });
    await announce({ service: 'half', id: 'two', port: portOf(web) });
    await announce({ service: 'two words', id: 'one', port: portOf(web) });
  });
  afterEach(() => program?.kill());
  afterAll(async () => {
    web.close();
    secure.close();
    await session.end(NEVER);
    await registry.close();
    await removeFolder(folder);
  });

  async function announce(partial: Omit<PartialInstance, 'address'>): Promise<void> {
    const instance = completeInstance({ address: '127.0.0.1', ...partial });
    await session.write({ kind: 'instance', instance }, undefined, NEVER);
  }

  async function call(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
    const env = { SIDEKICK_REGISTRY: `file:${folder}`, NODE_EXTRA_CA_CERTS: ca };
    program = Program.start('piloted', ['call', ...args], env);
    const code = await program.ended();
    return { code, out: program.out, err: program.err };
  }

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('exits after %s without a response with %i, and without a word', async (signal, expected) => {
    const asked = once(web, 'request');
    const calling = call('web', '/silent');
    await asked;
    program?.child.kill(signal);
    expect(await calling).toEqual({ code: expected, out: '', err: '' });
  });

  it('sends the name of the service as Host, the method, the headers and the body', async () => {
    const { code, out, err } = await call('web', '/path?q', '-d', 'text', '-H', 'accept: text/plain');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toEqual({
      method: 'POST',
      url: '/path?q',
      host: 'web',
      accept: 'text/plain',
      body: 'text',
    });
  });

  it('calls a named port, and says which there are otherwise', async () => {
    expect(JSON.parse((await call('web', '/', '--port', 'admin')).out)).toMatchObject({ host: 'web' });
    const { code, err } = await call('web', '/', '--port', 'debug');
    expect(code).toBe(1);
    expect(err).toMatch(/"debug".*"web".*admin/);
  });

  it('calls by HTTPS, and checks the certificate for the name of the service', async () => {
    expect(JSON.parse((await call('pay', '/', '--https')).out)).toMatchObject({ host: 'pay' });
    const plain = await call('web', '/', '--https');
    expect(plain.code).toBe(1);
    // One line: there is no other instance to try.
    expect(plain.err).toMatch(/^piloted call: The call failed: web at .*\n$/);
  });

  it('prints each cookie in JSON', async () => {
    const { out } = await call('web', '/cookies', '--json');
    expect(JSON.parse(out)).toMatchObject({ headers: { 'set-cookie': ['a=1', 'b=2'] } });
  });

  it('tries another instance where no connection is made, and names each', async () => {
    // The first choice is random.
    for (let n = 0; n < 4; n += 1) {
      const { code, out, err } = await call('half', '/', '--json');
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ endpoint: `127.0.0.1:${portOf(web)}`, status: 200 });
      if (err === '') continue;
      expect(err).toMatch(`half at 127.0.0.1:${closed}: `);
      expect(err).toContain('trying another instance');
      return;
    }
  });

  it('prints a status that is no success, and does not follow a redirect', async () => {
    const missing = await call('web', '/missing');
    expect(missing.code).toBe(1);
    expect(missing.err).toMatch(/^404 Not Found from 127/);
    expect((await call('web', '/elsewhere', '-i')).err).toMatch(/302 Found[^]*location: http:\/\/localhost/);
  });

  it.each([
    ['an instance that does not answer', 'dead', /The call failed: dead at 127\.0\.0\.1:\d+: .*ECONNREFUSED/],
    ['an unknown service', 'wep', /no instance of service "wep".*"web"/],
    ['a name that is no host', 'two words', /"two words" cannot be called: its name is no host of a URL/],
  ])('exits with 1 and the reason for %s', async (_what, service, reason) => {
    const { code, err } = await call(service, '/');
    expect(code).toBe(1);
    expect(err).toMatch(reason);
  });
});
