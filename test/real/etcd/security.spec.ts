import { EtcdTransport } from '../../../lib/etcd-client/transport.js';
import { ClusterError, EtcdResponseError } from '../../../lib/etcd-client/errors/index.js';
import { type EtcdOptions } from '../../../lib/etcd-client/options.js';
import { createTlsSet, type TlsSet } from '../../harness/certificates.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { ConnectProxy, withEnvironment } from '../../harness/connect-proxy.js';
import { sleep } from '../../harness/wait.js';

/** Seconds for a first connection with TLS, or for a password, on a busy machine. */
const PATIENT = { headerTimeoutPerRequest: 20 };

async function get(options: EtcdOptions, key = '/app/a'): Promise<string> {
  const transport = await EtcdTransport.create({ ...PATIENT, ...options });
  try {
    const { kvs } = await transport.call({
      what: `reading "${key}"`,
      run: async ({ kv }, callOptions) => await kv.range({ key: Buffer.from(key) }, callOptions),
    });
    return kvs[0]?.value.toString() ?? 'nothing';
  } finally {
    transport.close();
  }
}

async function failure(options: EtcdOptions): Promise<Error> {
  return await get(options).then(
    () => {
      throw new Error('It was let in.');
    },
    (error: unknown) => error as Error,
  );
}

describe('etcd over TLS', () => {
  let tls: TlsSet;
  let etcd: EtcdCluster;

  beforeAll(async () => {
    tls = await createTlsSet({ mutual: true });
    etcd = await startEtcd({ tls: tls.harness });
    await etcd.put('/app/a', 'secret');
  });
  afterAll(async () => {
    await etcd.stop();
    await tls.remove();
  });

  it('accepts a client with the certificates, as strings and as files', async () => {
    const { ca, cert, key } = tls.good;
    expect(await get({ endpoints: etcd.urls, tls: { ca, cert: cert!, key: key! } })).toBe('secret');
    const files = tls.harness.clientFiles;
    expect(await get({ endpoints: etcd.hosts, tls: { ...files } })).toBe('secret');
  });

  it('is reached through the proxy of the environment where it is asked for', async () => {
    const proxy = await ConnectProxy.start();
    await withEnvironment({ http_proxy: proxy.url }, async () => {
      const { ca, cert, key } = tls.good;
      const options = { endpoints: etcd.urls, tls: { ca, cert: cert!, key: key! } };
      expect(await get(options)).toBe('secret');
      expect(proxy.asked).toEqual([]);
      expect(await get({ ...options, proxy: 'env' })).toBe('secret');
      const transport = await EtcdTransport.create({ ...PATIENT, ...options, proxy: 'env' });
      expect((await transport.version()).etcdserver).toBe('3.5.16');
      transport.close();
      expect(proxy.asked).toEqual(Array.from({ length: 2 }, () => etcd.members[0]!.endpoint));
      proxy.status = 403;
      expect((await failure({ ...options, proxy: 'env' })).message).toContain(
        `(through the proxy ${proxy.url} of the variable http_proxy)`,
      );
    });
    await proxy.stop();
  });

  it('returns the versions over TLS', async () => {
    const { ca, cert, key } = tls.good;
    const transport = await EtcdTransport.create({
      endpoints: etcd.urls,
      tls: { ca, cert: cert!, key: key! },
    });
    expect((await transport.version()).etcdserver).toBe('3.5.16');
    transport.close();
  });

  it('does not talk to a server with a certificate of another authority', async () => {
    const error = await failure({ endpoints: etcd.urls, tls: { ca: tls.wrong.ca } });
    expect(error).toBeInstanceOf(ClusterError);
    expect((error as ClusterError).errors).toHaveLength(1);
    expect(error.message).toMatch(/certificate/);
  });

  it('says that it lacks a certificate of its own', async () => {
    const error = await failure({ endpoints: etcd.urls, tls: { ca: tls.good.ca } });
    expect(error).toBeInstanceOf(ClusterError);
    expect(error.message).toMatch(/certificate|alert|ECONNRESET|dropped/i);
  });

  it('checks the name of the server', async () => {
    const { ca, cert, key } = tls.good;
    const error = await failure({
      endpoints: etcd.urls,
      tls: { ca, cert: cert!, key: key!, serverName: 'elsewhere.example' },
    });
    expect(error.message).toMatch(/elsewhere\.example|altnames/i);
  });

  it('says what happens when TLS is forgotten', async () => {
    const error = await failure({ endpoints: etcd.urls.map((url) => url.replace('https', 'http')) });
    expect(error).toBeInstanceOf(ClusterError);
    expect(error.message).toMatch(/https/);
  });
});

describe('etcd with a certificate that has expired', () => {
  it('is not talked to', async () => {
    const tls = await createTlsSet({ serverExpired: true });
    const etcd = await startEtcd({ tls: tls.harness });
    try {
      const error = await failure({ endpoints: etcd.urls, tls: { ca: tls.good.ca } });
      expect(error).toBeInstanceOf(ClusterError);
      expect(error.message).toMatch(/certificate has expired/);
    } finally {
      await etcd.stop();
      await tls.remove();
    }
  });
});

describe('etcd with users', () => {
  let etcd: EtcdCluster;

  beforeAll(async () => {
    etcd = await startEtcd({ tokenTtl: 3 });
    await etcd.put('/app/a', 'for app');
    await etcd.enableAuth('root canary');
    await etcd.addUser('app', 'app canary', '/app/', 'readwrite');
  });
  afterAll(async () => {
    await etcd.stop();
  });

  const app = { username: 'app', password: 'app canary' };

  it('lets the user in', async () => {
    expect(await get({ endpoints: etcd.urls, ...app })).toBe('for app');
  });

  it('says that the password is wrong: once, final, without the password', async () => {
    const error = await failure({ endpoints: etcd.urls, username: 'app', password: 'wrong canary' });
    expect(error).toBeInstanceOf(EtcdResponseError);
    expect((error as EtcdResponseError).unauthenticated).toBe(true);
    expect(error.message).toMatch(/authentication failed, invalid user ID or password/);
    expect(`${error.message}${JSON.stringify(error)}${error.stack}`).not.toMatch(/canary/);
  });

  it('says that the permission is missing', async () => {
    const error = await get({ endpoints: etcd.urls, ...app }, '/other').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(EtcdResponseError);
    expect((error as EtcdResponseError).permissionDenied).toBe(true);
  });

  it('says that a user is needed', async () => {
    const error = await failure({ endpoints: etcd.urls });
    expect(error).toBeInstanceOf(EtcdResponseError);
    expect((error as EtcdResponseError).unauthenticated).toBe(true);
  });

  it('renews an expired token once, however many requests need it', async () => {
    const transport = await EtcdTransport.create({ ...PATIENT, endpoints: etcd.urls, ...app });
    const read = async (): Promise<unknown> =>
      await transport.call({
        what: 'reading',
        run: async ({ kv }, options) => await kv.range({ key: Buffer.from('/app/a') }, options),
      });
    const authentications = async (): Promise<number> => {
      const text = await (await fetch(`${etcd.members[0]!.metricsUrl}/metrics`)).text();
      return Number(
        /^grpc_server_handled_total\{grpc_code="OK",grpc_method="Authenticate".*\} (\d+)/m.exec(text)?.[1],
      );
    };
    await read();
    const before = await authentications();
    await sleep(6_000);
    await Promise.all(Array.from({ length: 20 }, read));
    expect(await authentications()).toBe(before + 1);
    transport.close();
  });

  it('does without a token where authentication is off', async () => {
    const open = await startEtcd();
    try {
      expect(await get({ endpoints: open.urls, ...app })).toBe('nothing');
    } finally {
      await open.stop();
    }
  });
});
