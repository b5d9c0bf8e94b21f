import { EtcdClient } from '../../../lib/etcd-client/etcd-client.js';
import { EtcdResponseError, KeysError } from '../../../lib/etcd-client/errors/index.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';

const ROOT = { username: 'root', password: 'root-canary' };

let etcd: EtcdCluster;
let root: EtcdClient;

async function as(username: string, password: string): Promise<EtcdClient> {
  // etcd spends most of a second on a password if the machine is busy.
  return await EtcdClient.create({ endpoints: etcd.urls, username, password, headerTimeoutPerRequest: 20 });
}

async function failure(run: Promise<unknown>): Promise<unknown> {
  return await run.then(
    () => {
      throw new Error('Expected a failure, got an answer.');
    },
    (error: unknown) => error,
  );
}

beforeAll(async () => {
  etcd = await startEtcd({ tokenTtl: 2 });
  const open = await EtcdClient.create({ endpoints: etcd.urls, headerTimeoutPerRequest: 20 });
  await open.auth.users.add(ROOT.username, ROOT.password);
  expect(await failure(open.auth.enable())).toBeInstanceOf(EtcdResponseError);
  await open.auth.roles.add('root');
  await open.auth.users.grant('root', ['root']);
  await open.auth.enable();
  await open.close();
  root = await as(ROOT.username, ROOT.password);
});

afterAll(async () => {
  await root.close();
  await etcd.stop();
});

describe('users', () => {
  it('are added, listed, read, given another password and removed', async () => {
    await root.auth.users.add('ann', 'first');
    expect([...(await root.auth.users.list())].sort()).toEqual(['ann', 'root']);
    expect(await root.auth.users.get('ann')).toEqual({ user: 'ann', roles: [] });
    await root.auth.users.changePassword('ann', 'second');
    const wrong = await as('ann', 'first');
    const error = await failure(wrong.keys.get('/x'));
    expect(String(error)).toMatch(/authentication failed, invalid user ID or password/);
    expect(String(error)).not.toContain('first');
    await wrong.close();
    const right = await as('ann', 'second');
    expect(await failure(right.keys.get('/x'))).toMatchObject({ code: 110 });
    await right.close();
    expect(await failure(root.auth.users.add('ann', 'x'))).toBeInstanceOf(EtcdResponseError);
    await root.auth.users.remove('ann');
    expect(await failure(root.auth.users.get('ann'))).toMatchObject({
      reason: expect.stringContaining('user name not found') as string,
    });
  });
});

describe('roles', () => {
  it('are added, listed, given rights and removed', async () => {
    const { roles, users } = root.auth;
    await roles.add('reader');
    expect([...(await roles.list())].sort()).toEqual(['reader', 'root']);
    expect(await roles.grantKV('reader', ['/a/', '/b', '/c*'], 'read')).toEqual({
      role: 'reader',
      permissions: [
        { prefix: '/a/', type: 'read' },
        { prefix: '/b', type: 'read' },
        { prefix: '/c*', type: 'read' },
      ],
    });
    expect((await roles.grantKV('reader', ['/a/*'], 'readwrite')).permissions[0]).toEqual({
      prefix: '/a/',
      type: 'readwrite',
    });
    expect((await roles.revokeKV('reader', ['/a/', '/c*'])).permissions).toEqual([
      { prefix: '/b', type: 'read' },
    ]);
    await users.add('bob', 'pw');
    expect((await users.grant('bob', ['reader'])).roles).toEqual(['reader']);
    expect((await users.revoke('bob', ['reader'])).roles).toEqual([]);
    await users.remove('bob');
    await roles.remove('reader');
    expect(await failure(roles.get('reader'))).toMatchObject({
      reason: expect.stringContaining('role name not found') as string,
    });
  });
});

describe('least rights', () => {
  let app: EtcdClient;

  beforeAll(async () => {
    await root.auth.roles.add('app');
    await root.auth.roles.grantKV('app', ['/app/', '/single'], 'readwrite');
    await root.auth.roles.grantKV('app', ['/shown/'], 'read');
    await root.auth.users.add('app', 'app-canary');
    await root.auth.users.grant('app', ['app']);
    await root.keys.set('/shown/x', '1');
    app = await as('app', 'app-canary');
  });

  afterAll(async () => {
    await app.close();
  });

  it('suffice for everything below the directory', async () => {
    expect((await app.keys.set('/app/a', '1')).action).toBe('set');
    expect((await app.keys.create('/app/deep/b', '2', { ttl: 60 })).node.ttl).toBe(60);
    expect((await app.keys.update('/app/a', '3')).prevNode?.value).toBe('1');
    expect((await app.keys.get('/app/a')).node.value).toBe('3');
    expect((await app.keys.get('/app/', { recursive: true })).node.nodes).toHaveLength(2);
    await app.keys.createInOrder('/app/queue', 'x');
    await app.keys.set('/app/deep/b', '', { refresh: true, ttl: 60 });
    const watcher = app.keys.watcher('/app/', { recursive: true, afterIndex: 1 });
    expect((await watcher.next(AbortSignal.timeout(60_000))).node.key).toBe('/app/a');
    watcher.close();
    await app.keys.delete('/app/a', { prevValue: '3' });
    await app.keys.delete('/app/deep', { recursive: true });
  });

  it('suffice for a single key', async () => {
    await app.keys.set('/single', '1');
    expect((await app.keys.get('/single')).node.value).toBe('1');
    await app.keys.delete('/single');
    expect(await failure(app.keys.get('/single'))).toMatchObject({ code: 100 });
    expect(await failure(app.keys.delete('/single'))).toMatchObject({ code: 100 });
  });

  it('are all there is', async () => {
    expect((await app.keys.get('/shown/x')).node.value).toBe('1');
    for (const denied of [
      app.keys.set('/shown/x', '2'),
      app.keys.delete('/shown/x'),
      app.keys.create('/shown/y', '2', { ttl: 60 }),
      app.keys.get('/secret'),
      app.keys.get('/'),
      app.keys.get('/secret/', { recursive: true }),
      app.keys.watcher('/secret', { recursive: true }).next(AbortSignal.timeout(60_000)),
      app.auth.users.add('eve', 'x'),
    ]) {
      const error = await failure(denied);
      expect(error).toBeInstanceOf(KeysError);
      expect(error).toMatchObject({ code: 110 });
      expect(String(error)).not.toContain('canary');
    }
    expect(
      await etcd.etcdctl([`--user=root:${ROOT.password}`, 'get', '/shown/x', '--print-value-only']),
    ).toBe('1');
  });

  it('are refused once: the same request is not made again', async () => {
    const before = await deniedRequests();
    expect(await failure(app.keys.get('/secret'))).toMatchObject({ code: 110 });
    expect(await deniedRequests()).toBe(before + 1);
    expect(await failure(app.keys.delete('/secret'))).toMatchObject({ code: 110 });
    expect(await deniedRequests()).toBe(before + 2);
  });

  it('outlive the token', async () => {
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    expect((await app.keys.set('/app/token', '1')).node.value).toBe('1');
  });

  it('need a user once authentication is on', async () => {
    const anonymous = await EtcdClient.create({ endpoints: etcd.urls, headerTimeoutPerRequest: 20 });
    expect(await failure(anonymous.keys.get('/app/a'))).toMatchObject({ code: 110 });
    await anonymous.close();
  });
});

describe('disable', () => {
  it('switches authentication off', async () => {
    await root.auth.disable();
    const anonymous = await EtcdClient.create({ endpoints: etcd.urls, headerTimeoutPerRequest: 20 });
    expect((await anonymous.keys.get('/shown/x')).node.value).toBe('1');
    await anonymous.close();
    await root.auth.enable();
  });
});

describe('input', () => {
  it.each([
    [() => root.auth.users.add('', 'x'), '`user`'],
    [() => root.auth.users.add('x', ''), '`password`'],
    [() => root.auth.users.grant('x', 'role' as never), '`roles`'],
    [() => root.auth.roles.add(7 as never), '`role`'],
    [() => root.auth.roles.grantKV('x', [], 'admin' as never), '`type`'],
    [() => root.auth.roles.grantKV('x', '/a' as never, 'read'), '`prefixes`'],
    [() => root.auth.roles.grantKV('x', ['/a\0'], 'read'), '`key`'],
  ])('is refused before anything is sent (%#)', async (run, text) => {
    await expect(run()).rejects.toThrow(text);
    await expect(run()).rejects.toMatchObject({ code: 'SIDEKICK_INVALID_OPTION' });
  });
});

async function deniedRequests(): Promise<number> {
  const text = await (await fetch(`${etcd.members[0]!.metricsUrl}/metrics`)).text();
  return [...text.matchAll(/^grpc_server_handled_total\{grpc_code="PermissionDenied".*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}
