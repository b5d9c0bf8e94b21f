import { writeFile } from 'node:fs/promises';
import { EtcdClient, EtcdModule } from '../../../lib/etcd/index.js';
import {
  DiscoveryService,
  PilotedModule,
  type RegistrySource,
  RegistryUnavailableError,
  Sidekick,
  SidekickModule,
  TlsError,
  type TlsErrorCode,
} from '../../../lib/index.js';
import {
  type CertificateAuthority,
  createTlsSet,
  type KeyPair,
  type TlsSet,
} from '../../harness/certificates.js';
import { startEtcd } from '../../harness/etcd.js';
import { TcpProxy } from '../../harness/proxy.js';
import { until } from '../../harness/wait.js';
import { boot, failure, recording, unreadable, within } from './support.js';
import { type Given, type Server, KINDS, byUrl, type Pems, both } from './tls-kinds.js';

describe.each(KINDS)('$name over TLS, by SidekickModule, PilotedModule and EtcdModule', (kind) => {
  let set: TlsSet;
  let server: Server;
  let plain: Server;
  let clients: Record<'good' | 'anonymous' | 'stranger' | 'expired' | 'untrusting', Pems>;

  beforeAll(async () => {
    set = await createTlsSet({ mutual: true });
    [server, plain] = await Promise.all([kind.start(set.harness), kind.start()]);
    clients = {
      good: await both(set, 'good', set.good),
      anonymous: await both(set, 'anonymous', { ca: set.good.ca }),
      stranger: await both(set, 'stranger', { ...set.wrong, ca: set.good.ca }),
      expired: await both(set, 'expired', set.expired),
      untrusting: await both(set, 'untrusting', { ...set.good, ca: set.wrong.ca }),
    };
  });
  afterAll(async () => {
    await Promise.all([server.stop(), plain.stop()]);
    await set.remove();
  });

  const after: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of after.splice(0)) await end();
  });

  async function serverShows({ cert, key }: KeyPair): Promise<void> {
    await writeFile(set.harness.server.key, key);
    await writeFile(set.harness.server.cert, cert);
    await server.reload();
  }

  const issue = (expired: boolean, host: string, authority: CertificateAuthority = set.authority): KeyPair =>
    authority.issue({ commonName: 'server', hosts: [host], expired });

  /** The registry by URL and by the driver's function. */
  function ways(
    port: number,
    pems: Pems | undefined,
    serverName?: string,
  ): [string, string | RegistrySource][] {
    const named = serverName === undefined ? {} : { serverName };
    const { files, ...texts } = pems ?? { files: undefined };
    return [
      ['URL', byUrl(kind, port, pems && { ...files, ...named })],
      ['function', kind.byFunction(port, pems && { ...texts, ...named })],
    ];
  }

  async function works(registry: string | RegistrySource): Promise<void> {
    const app = await boot(
      SidekickModule.forRoot({ registry, key: `tls/${kind.name}`, value: 'here', logger: recording() }),
      PilotedModule.forRoot({
        registry,
        services: ['web'],
        boot: 'fail',
        bootTimeout: 60,
        logger: recording(),
      }),
    );
    expect(app.get(Sidekick).beats).toMatchObject([{ state: 'alive' }]);
    expect(app.get(DiscoveryService).dump().services).toMatchObject([{ name: 'web', stale: false }]);
    await app.close();
  }

  async function fails(
    registry: string | RegistrySource,
    code: TlsErrorCode,
    sentence: RegExp,
  ): Promise<void> {
    check(
      await failure(boot(SidekickModule.forRoot({ registry, key: 'k', logger: recording() }))),
      code,
      sentence,
    );
    check(await unreadable(registry), code, sentence);
  }

  function check(error: Error, code: TlsErrorCode, sentence: RegExp): void {
    expect(error).toBeInstanceOf(RegistryUnavailableError);
    expect(error.message).toMatch(sentence);
    expect(error.message).toContain('127.0.0.1:');
    expect(within(error, TlsError)?.code).toBe(code);
  }

  it('accepts a client with the certificates, as strings and as files', async () => {
    for (const [, registry] of ways(server.port, clients.good)) await works(registry);
  });

  it('reaches a server by an address and checks it by a name, and the other way round', async () => {
    for (const [, registry] of ways(server.port, clients.good, 'localhost')) await works(registry);
    for (const [, registry] of ways(server.port, clients.good, '127.0.0.1')) await works(registry);
  });

  it.each<[string, keyof typeof clients | undefined, TlsErrorCode, RegExp]>([
    [
      'an authority that is not trusted',
      'untrusting',
      'SIDEKICK_TLS_UNTRUSTED',
      /set `tls\.ca` to that authority/,
    ],
    ['no client certificate', 'anonymous', 'SIDEKICK_TLS_CLIENT_CERTIFICATE', /client certificate.*set/],
    [
      'a client certificate from elsewhere',
      'stranger',
      'SIDEKICK_TLS_CLIENT_CERTIFICATE',
      /client certificate/,
    ],
    [
      'a client certificate that has expired',
      'expired',
      'SIDEKICK_TLS_CLIENT_CERTIFICATE',
      /client certificate/,
    ],
    [
      'plain HTTP to a server that speaks TLS',
      undefined,
      'SIDEKICK_TLS_EXPECTED',
      /use https:\/\/ \(`etcds:\/\/`/,
    ],
  ])('says what is wrong and what to do: %s', async (_, client, code, sentence) => {
    const pems = client === undefined ? undefined : clients[client];
    for (const [, registry] of ways(server.port, pems)) await fails(registry, code, sentence);
  });

  it('fails a boot that needs the list with the reason', async () => {
    const [[, registry]] = ways(server.port, clients.untrusting) as [[string, string]];
    const options = { registry, services: ['web'], bootTimeout: 5, logger: recording() };
    const error = await failure(boot(PilotedModule.forRoot({ ...options, boot: 'fail' })));
    check(error, 'SIDEKICK_TLS_UNTRUSTED', /set `tls\.ca` to that authority/);
  });

  it('says what is wrong and what to do: TLS to a server that speaks plain HTTP', async () => {
    for (const [, registry] of ways(plain.port, clients.anonymous))
      await fails(registry, 'SIDEKICK_TLS_NOT_SPOKEN', /if it serves plain HTTP, use http:/);
  });

  it('says what is wrong and what to do: another name in the certificate of the server', async () => {
    for (const [, registry] of ways(server.port, clients.good, 'elsewhere.example'))
      await fails(
        registry,
        'SIDEKICK_TLS_NAME',
        /for another name.*set `tls\.serverName`.*elsewhere\.example/,
      );
    for (const [, registry] of ways(server.port, clients.good, '10.0.0.9'))
      await fails(registry, 'SIDEKICK_TLS_NAME', /for another name.*10\.0\.0\.9/);
    await serverShows(issue(false, 'elsewhere.example'));
    for (const [, registry] of ways(server.port, clients.good))
      await fails(registry, 'SIDEKICK_TLS_NAME', /for another name/);
    for (const [, registry] of ways(server.port, clients.good, 'elsewhere.example')) await works(registry);
  });

  it('says what is wrong and what to do: an expired certificate of the server', async () => {
    await serverShows(issue(true, '127.0.0.1'));
    for (const [, registry] of ways(server.port, clients.good))
      await fails(
        registry,
        'SIDEKICK_TLS_EXPIRED',
        /the server's certificate has expired: renew it on the server/,
      );
    await serverShows(issue(false, '127.0.0.1'));
    await works(byUrl(kind, server.port, clients.good.files));
  });

  it('verifies whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      for (const [, registry] of ways(server.port, clients.untrusting))
        await fails(registry, 'SIDEKICK_TLS_UNTRUSTED', /not trusted/);
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });

  it('continues when the server gets a certificate of another authority, as soon as the files have it', async () => {
    const proxy = await TcpProxy.to({ host: '127.0.0.1', port: server.port });
    after.push(() => proxy.stop());
    const files = (await both(set, 'rotated', set.good)).files as Required<Given>;
    const logger = recording();
    const service = { name: 'rotated', id: 'one', address: '10.0.0.1', port: 80 };
    const registry = byUrl(kind, proxy.port, files);
    const app = await boot(
      // Longer than the certificates are wrong, also on a busy machine.
      SidekickModule.forRoot({ registry, ttl: 30, logger }),
      PilotedModule.forRoot({ registry, services: ['rotated'], logger }),
    );
    after.unshift(() => app.close());
    const sidekick = app.get(Sidekick);
    const lost: string[] = [];
    sidekick.events.subscribe(({ type }) => {
      if (type === 'lost') lost.push(type);
    });
    await sidekick.announce(service);
    const handle = app.get(DiscoveryService).of('rotated');
    await until('the instance', () => handle.endpoints.length === 1);

    const { CertificateAuthority: Authority } = await import('../../harness/certificates.js');
    const next = Authority.create('the next authority');
    after.push(() => serverShows(issue(false, '127.0.0.1')));
    await serverShows(issue(false, '127.0.0.1', next));
    proxy.cut();
    await until('the trouble to be seen', () => handle.stale);
    await until('the reason', () => (handle.error?.message ?? '').includes('not trusted'));
    expect(handle.endpoints).toHaveLength(1);

    await writeFile(files.ca, next.pem);
    await until('the registry to be reached again', () => !handle.stale);
    await until('a renewal', () => (sidekick.beats[0]?.age ?? Infinity) < 4);

    // The client's own certificate: what has expired is refused and what comes after it is taken.
    const expired = set.authority.issue({ commonName: 'client', expired: true });
    await writeFile(files.key, expired.key);
    await writeFile(files.cert, expired.cert);
    proxy.cut();
    await until('the refusal', () => {
      const text = `stale ${String(handle.stale)}: ${handle.error?.message ?? 'no error'}`;
      if (!text.includes('client certificate')) throw new Error(text);
      return true;
    });
    const renewed = set.authority.issue({ commonName: 'client' });
    await writeFile(files.key, renewed.key);
    await writeFile(files.cert, renewed.cert);
    await until('the registry to be reached once more', () => !handle.stale);
    await until('the heartbeat to be in time again', () => sidekick.beats[0]?.state === 'alive');
    expect(lost).toEqual([]);
    expect(handle.endpoints).toHaveLength(1);
  });
});

describe('EtcdModule over TLS', () => {
  it('says what is wrong, endpoint by endpoint', async () => {
    const set = await createTlsSet({ mutual: true });
    const etcd = await startEtcd({ tls: set.harness });
    try {
      const ask = async (tls: Given): Promise<unknown> => {
        const app = await boot(
          EtcdModule.forRoot({ endpoints: etcd.urls, tls, headerTimeoutPerRequest: 20 }),
        );
        return await app
          .get(EtcdClient)
          .version()
          .finally(() => app.close());
      };
      expect(await ask(set.good as Given)).toMatchObject({ etcdserver: '3.5.16' });
      expect(await ask({ ...(set.good as Given), serverName: '127.0.0.1' })).toMatchObject({});
      const untrusted = await failure(ask({ ca: set.wrong.ca }));
      expect(untrusted).toMatchObject({ code: 'SIDEKICK_ETCD_CLUSTER' });
      expect(within(untrusted, TlsError)?.code).toBe('SIDEKICK_TLS_UNTRUSTED');
      const anonymous = await failure(ask({ ca: set.good.ca }));
      expect(within(anonymous, TlsError)?.code).toBe('SIDEKICK_TLS_CLIENT_CERTIFICATE');
    } finally {
      await etcd.stop();
      await set.remove();
    }
  });

  it('is never led from TLS to plain HTTP: neither by its options nor by what members say of themselves', async () => {
    const set = await createTlsSet();
    const [endpoint] = ['http://127.0.0.1:1'];
    await expect(boot(EtcdModule.forRoot({ endpoints: endpoint, tls: { ca: set.good.ca } }))).rejects.toThrow(
      'Expected `endpoints` to be https:// URLs, since `tls` is given, got "http://127.0.0.1:1".',
    );
    const etcd = await startEtcd({ tls: set.harness, args: ['--advertise-client-urls=http://127.0.0.1:1'] });
    const app = await boot(
      EtcdModule.forRoot({ endpoints: etcd.urls, tls: { ca: set.good.ca }, headerTimeoutPerRequest: 20 }),
    );
    const client = app.get(EtcdClient);
    await expect(client.sync()).rejects.toThrow(/https:\/\/ URLs, as the endpoints are/);
    expect(client.endpoints).toEqual(etcd.urls);
    await app.close();
    await etcd.stop();
    await set.remove();
  });
});
