import { EtcdClient } from '../../../lib/etcd-client/etcd-client.js';
import { ClusterError, EtcdResponseError } from '../../../lib/etcd-client/errors/index.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { until } from '../../harness/wait.js';

let etcd: EtcdCluster;
let client: EtcdClient;

beforeAll(async () => {
  etcd = await startEtcd({ size: 3 });
  // A change of the members that was late would be made again, and refused.
  client = await EtcdClient.create({ endpoints: etcd.urls, headerTimeoutPerRequest: 20 });
});

afterAll(async () => {
  await client.close();
  await etcd.stop();
});

async function failure(run: Promise<unknown>): Promise<unknown> {
  return await run.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('TestHTTPMembersAPIListSuccess, TestMemberUnmarshal, TestMemberCollectionUnmarshal', () => {
  it('lists the members with their names and URLs', async () => {
    const members = await client.members.list();
    expect(members.map(({ name }) => name).toSorted()).toEqual(['m0', 'm1', 'm2']);
    for (const { id, peerURLs, clientURLs } of members) {
      expect(id).toMatch(/^[0-9a-f]{1,16}$/);
      expect(peerURLs[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(etcd.urls).toContain(clientURLs[0]);
    }
    const listed = await etcd.etcdctl(['member', 'list']);
    for (const { id, name } of members) expect(listed).toContain(`${id}, started, ${name}`);
  });
});

describe('TestHTTPMembersAPILeaderSuccess', () => {
  it('names the leader', async () => {
    const leader = await client.members.leader();
    expect(leader.clientURLs).toEqual([(await etcd.leader()).url]);
  });
});

describe('TestHTTPMembersAPIAddSuccess, UpdateSuccess, RemoveSuccess', () => {
  it('adds a member, changes its URLs and removes it', async () => {
    // etcd refuses changes of members until its members have been connected for some seconds.
    const added = await until('a healthy cluster', async () => client.members.add('http://127.0.0.1:45671'));
    expect(added).toMatchObject({ name: '', peerURLs: ['http://127.0.0.1:45671'], clientURLs: [] });
    await client.members.update(added.id, ['http://127.0.0.1:45672']);
    const found = (await client.members.list()).find(({ id }) => id === added.id);
    expect(found?.peerURLs).toEqual(['http://127.0.0.1:45672']);
    await client.members.remove(added.id);
    expect(await client.members.list()).toHaveLength(3);
  });
});

describe('TestHTTPMembersAPIAddError, RemoveFail, UpdateError, ListError, LeaderError', () => {
  it("are etcd's own words, and are not retried", async () => {
    const [member] = await client.members.list();
    const taken = await failure(client.members.add(member!.peerURLs[0]!));
    expect(taken).toBeInstanceOf(EtcdResponseError);
    expect(String(taken)).toContain('Peer URLs already exists');
    expect(String(await failure(client.members.remove('abcdef')))).toContain('member not found');
    expect(String(await failure(client.members.update('abcdef', ['http://127.0.0.1:1'])))).toContain(
      'member not found',
    );
  });

  it('are a ClusterError when no endpoint answers', async () => {
    const unreachable = await EtcdClient.create({ endpoints: ['http://127.0.0.1:1', 'http://127.0.0.1:2'] });
    for (const run of [unreachable.members.list(), unreachable.members.leader()]) {
      const error = await failure(run);
      expect(error).toBeInstanceOf(ClusterError);
      expect((error as ClusterError).errors).toHaveLength(2);
    }
    await unreachable.close();
  });
});

describe('TestMembersAPIActionAdd, Update, Remove: what is sent', () => {
  it.each([
    [() => client.members.add('127.0.0.1:2380'), '`peerURL`'],
    [() => client.members.add('http://127.0.0.1'), '`peerURL`'],
    [() => client.members.add('http://user:pw@127.0.0.1:2380'), '`peerURL`'],
    [() => client.members.add('http://127.0.0.1:2380/path'), '`peerURL`'],
    [() => client.members.update('1', []), '`peerURLs`'],
    [() => client.members.remove('0x1'), '`id`'],
    [() => client.members.remove(''), '`id`'],
  ])('is refused where it is no URL or id (%#)', async (run, text) => {
    await expect(run()).rejects.toThrow(text);
  });
});
