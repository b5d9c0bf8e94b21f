import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { piloted } from '../../../lib/cli/piloted.js';
import { sidekicker } from '../../../lib/cli/sidekicker.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { type Registry, type Session } from '../../../lib/registry/registry.js';
import { registrySource } from '../../../lib/registries/registry-url.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { freePorts } from '../../harness/ports.js';
import { recordedTerminal } from '../../harness/terminal.js';
import { until } from '../../harness/wait.js';

const NEVER = new AbortController().signal;

interface Result {
  readonly code: number;
  readonly out: readonly string[];
  readonly written: string;
  readonly err: string;
}

async function run(args: readonly string[], env: Record<string, string>): Promise<Result> {
  const terminal = recordedTerminal({ env });
  const code = await piloted(args, terminal);
  return {
    code,
    out: terminal.outLines,
    written: terminal.written.join(''),
    err: terminal.errLines.join('\n'),
  };
}

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly advice?: string;
}

/** The findings of `doctor`, by their check. */
function findings({ out }: Result): ReadonlyMap<string, Finding> {
  return new Map(out.map((line) => JSON.parse(line) as Finding).map((finding) => [finding.check, finding]));
}

describe('piloted and sidekicker with real registries', () => {
  let etcd: EtcdCluster;
  let consul: ConsulAgent;
  let server: Server;
  let port: number;
  /** A port on which nothing listens. */
  let closed: number;
  let token: string;

  beforeAll(async () => {
    [etcd, consul] = await Promise.all([startEtcd(), startConsul({ acl: true })]);
    await etcd.enableAuth('root');
    await etcd.addUser('app', 'p@ss/word', '/nestjs-sidekick/web/', 'readwrite');
    token = await consul.createToken('service "web" { policy = "write" }');
    server = createServer((request, response) => {
      response.statusCode = request.url === '/missing' ? 404 : 200;
      response.end(`${request.method ?? ''} ${request.url ?? ''}\n`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    [closed = 0] = await freePorts(1);
  });
  afterAll(async () => {
    server.close();
    await Promise.all([etcd.stop(), consul.stop()]);
  });

  const asRoot = (): Record<string, string> => ({
    SIDEKICK_REGISTRY: `etcd://root:root@${etcd.hosts}?timeout=20`,
  });
  const master = (): Record<string, string> => ({
    SIDEKICK_REGISTRY: `consul://${consul.host}:${consul.port}`,
    SIDEKICK_TOKEN: consul.token ?? '',
  });

  it('doctor finds the rights that an etcd user has and lacks, and how to grant them', async () => {
    const result = await run(
      [
        'doctor',
        'web',
        '--key',
        '/servers/1',
        '--registry',
        `etcd://${etcd.hosts}?timeout=20`,
        '--user',
        'app',
        '--json',
      ],
      { SIDEKICK_PASSWORD: 'p@ss/word' },
    );
    expect(result.code).toBe(1);
    const found = findings(result);
    for (const check of ['version', 'clock', 'members', 'read web', 'write web'])
      expect(found.get(check)).toMatchObject({ status: 'ok' });
    expect(found.get('write /servers/1')).toMatchObject({
      status: 'failed',
      advice: expect.stringContaining('etcdctl role grant-permission ROLE readwrite /servers/1') as string,
    });
    expect(found.get('write sessions')).toMatchObject({
      status: 'failed',
      advice: expect.stringContaining('readwrite --prefix /nestjs-sidekick/.sessions/') as string,
    });
    expect(result.out.join()).not.toContain('p@ss');
    expect(await etcd.get('/servers/1')).toBeUndefined();
  });

  it.each([
    ['a wrong password', ['--user', 'app'], 'authentication failed'],
    ['no user', [], 'user name is empty'],
  ])('doctor names %s once, and no missing role', async (_name, user, reason) => {
    const registry = `etcd://${etcd.hosts}?timeout=20`;
    const result = await run(['doctor', '--registry', registry, ...user, '--json'], {
      SIDEKICK_PASSWORD: user.length > 0 ? 'wrong' : '',
    });
    expect(result.code).toBe(1);
    expect([...findings(result).values()].filter(({ status }) => status === 'failed')).toEqual([
      {
        check: 'credentials',
        status: 'failed',
        message: expect.stringContaining(reason) as string,
        advice: expect.stringContaining('Check the user name and the password') as string,
      },
    ]);
    expect(result.out.join()).not.toContain('role grant-permission');
  });

  it('doctor names a file in the place of the folder', async () => {
    const file = fileURLToPath(import.meta.url);
    const result = await run(['doctor', '--registry', `file:${file}`, '--json'], {});
    expect([...findings(result).values()].filter(({ status }) => status === 'failed')).toMatchObject([
      {
        message: expect.stringContaining('is a symbolic link or not a folder') as string,
        advice: expect.stringContaining('Name a folder of this user') as string,
      },
    ]);
  });

  it('doctor finds the rights that a Consul token has and lacks', async () => {
    const result = await run(['doctor', 'web', '--key', '/servers/1', '--json'], {
      SIDEKICK_REGISTRY: `consul://${consul.host}:${consul.port}`,
      SIDEKICK_TOKEN: token,
    });
    expect(result.code).toBe(1);
    const found = findings(result);
    expect(found.get('write web')).toMatchObject({ status: 'ok' });
    expect(found.get('version')).toMatchObject({
      status: 'warning',
      advice: expect.stringContaining('agent_prefix') as string,
    });
    expect(found.get('write /servers/1')).toMatchObject({
      status: 'failed',
      advice: expect.stringContaining('key "%/servers/1" { policy = "write" }') as string,
    });
    expect(result.out.join()).not.toContain(token);
  });

  it('doctor says where nothing answers, once', async () => {
    const result = await run(['doctor', '--json', '--registry', 'etcd://127.0.0.1:1'], {});
    expect(result.code).toBe(1);
    expect([...findings(result).values()].filter(({ status }) => status === 'failed')).toMatchObject([
      { check: 'reachable' },
    ]);
  });

  describe.each([
    ['etcd', asRoot],
    ['Consul', master],
  ] as const)('%s', (_name, env) => {
    let registry: Registry;
    let session: Session;

    beforeAll(async () => {
      const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
      const { SIDEKICK_REGISTRY: url = '', SIDEKICK_TOKEN: secret } = env() as Record<
        string,
        string | undefined
      >;
      registry = await registrySource(secret === undefined ? url : `${url}?token=${secret}`, {}).open(deps);
      // Not renewed, so longer than all tests of a registry take.
      session = await registry.openSession({ ttl: 600 }, NEVER);
      for (const [id, at] of [
        ['one', port],
        ['two', closed],
      ] as const) {
        const instance = completeInstance({ service: 'shop', id, address: '127.0.0.1', port: at });
        await session.write({ kind: 'instance', instance }, undefined, NEVER);
      }
    });
    afterAll(async () => {
      await session.end(NEVER);
      await registry.close();
    });

    it('ls lists services and endpoints', async () => {
      expect((await run(['ls'], env())).out).toContain('shop');
      const { out } = await run(['ls', 'shop', '--json'], env());
      expect(out.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ id: 'one' }, { id: 'two' }]);
    });

    it('call reaches an instance that answers, past one that does not', async () => {
      for (let i = 0; i < 8; i += 1)
        expect(await run(['call', 'shop', '/x'], env())).toMatchObject({ code: 0, written: 'GET /x\n' });
      expect(await run(['call', 'shop', '/missing', '-d', 'x'], env())).toMatchObject({
        code: 1,
        written: 'POST /missing\n',
      });
    });

    it('keys and get show what sidekicker registers', async () => {
      const terminal = recordedTerminal({ env: env() });
      const running = sidekicker(['-key', '/servers/1', '-val', '-50'], terminal);
      await until('the key', async () => (await run(['get', '/servers/1'], env())).code === 0);
      expect((await run(['get', '/servers/1'], env())).out).toEqual(['-50']);
      expect((await run(['keys', '/servers/', '--values'], env())).out).toEqual(['/servers/1\t-50']);
      terminal.interrupt();
      expect(await running).toBe(0);
      expect(await run(['keys', '/servers/'], env())).toMatchObject({ code: 1, out: [] });
    });
  });
});
