import { type ConsulAgent, startConsul } from '../harness/consul.js';
import { type EtcdCluster, startEtcd } from '../harness/etcd.js';

describe('a single etcd', () => {
  let etcd: EtcdCluster;
  beforeAll(async () => {
    etcd = await startEtcd();
  });
  afterAll(async () => {
    await etcd.stop();
  });

  it('keeps what is put and lists keys by prefix', async () => {
    await etcd.put('a/1', 'one');
    await etcd.put('a/2', '');
    expect(await etcd.get('a/1')).toBe('one');
    expect(await etcd.get('a/2')).toBe('');
    expect(await etcd.get('a/3')).toBeUndefined();
    expect(await etcd.keys('a/')).toEqual(['a/1', 'a/2']);
  });

  it('keeps its data over a SIGKILL', async () => {
    await etcd.put('kept', 'yes');
    const [member] = etcd.members;
    const { pid } = member!;
    await member!.kill();
    expect(member!.running).toBe(false);
    await member!.restart();
    expect(member!.pid).not.toBe(pid);
    expect(await etcd.get('kept')).toBe('yes');
  });
});

describe('a cluster of three', () => {
  let etcd: EtcdCluster;
  beforeAll(async () => {
    etcd = await startEtcd({ size: 3 });
  });
  afterAll(async () => {
    await etcd.stop();
  });

  it('elects another leader when the leader is killed, and takes it back as a follower', async () => {
    const leader = await etcd.leader();
    await leader.kill();
    const next = await etcd.leader();
    expect(next).not.toBe(leader);
    await etcd.put('written', 'by two');
    await leader.restart();
    expect(await etcd.get('written')).toBe('by two');
  });

  it('goes on without a paused member, which is killed at the end', async () => {
    const follower = await etcd.follower();
    await follower.pause();
    expect(await follower.healthy()).toBe(false);
    const leader = await etcd.leader();
    await etcd.etcdctl(['put', 'k', 'v'], [leader]);
    expect(follower.running).toBe(true);
  });
});

describe('a Consul dev agent', () => {
  let consul: ConsulAgent;
  beforeAll(async () => {
    consul = await startConsul();
  });
  afterAll(async () => {
    await consul.stop();
  });

  it('lists what is registered', async () => {
    const body = { ID: 'cats-1', Name: 'cats', Port: 3000, Check: { TTL: '10s', Status: 'passing' } };
    const answer = await consul.request('/v1/agent/service/register', { method: 'PUT', body });
    expect(answer.status).toBe(200);
    expect(await consul.passing('cats')).toEqual(['cats-1']);
  });

  it('forgets everything when it is restarted', async () => {
    await consul.kill();
    await consul.restart();
    expect(await consul.passing('cats')).toEqual([]);
  });
});
