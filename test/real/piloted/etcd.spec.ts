import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { until } from '../../harness/wait.js';
import { discover, type Discovering } from './support.js';

describe('PilotedModule on a real etcd cluster', () => {
  let etcd: EtcdCluster;
  let open: Discovering[];

  beforeAll(async () => {
    etcd = await startEtcd({ size: 3 });
  });
  beforeEach(() => {
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((one) => one.close()));
  });
  afterAll(async () => {
    await etcd.stop();
  });

  async function start(service: string): Promise<Discovering> {
    const one = await discover({ registry: `etcd://${etcd.hosts}/piloted`, services: [service] });
    open.push(one);
    return one;
  }

  /** An endpoint as etcd's Go naming package writes it. */
  const put = (service: string, id: string, address = '10.0.0.1:80'): Promise<void> =>
    etcd.put(`/piloted/${service}/${id}`, JSON.stringify({ Op: 0, Addr: address, Metadata: null }));

  it('finds what other programs announce, and keeps the last good value of what they break', async () => {
    await put('foreign', 'go-1', '10.0.0.7:9090');
    const { discovery, ids } = await start('foreign');
    expect(discovery.pick('foreign')).toMatchObject({ id: 'go-1', address: '10.0.0.7', port: 9_090 });
    await etcd.put('/piloted/foreign/go-1', '{"Op":0,"Ad');
    await put('foreign', 'go-2');
    await until('the second', () => ids('foreign').length === 2);
    expect(discovery.endpoints('foreign').find(({ id }) => id === 'go-1')?.port).toBe(9_090);
    await etcd.delete('/piloted/foreign/go-1');
    await until('the broken one to go', () => ids('foreign').join() === 'go-2');
  });

  it('loses no change over the death of any member', async () => {
    await put('steady', 'a');
    const { discovery, ids, lists } = await start('steady');
    const seen = lists('steady');
    for (const [index, member] of etcd.members.entries()) {
      await member.kill();
      await until('a quorum that writes', async () => {
        await put('steady', `after-${index}`);
        return true;
      });
      await until('the change', () => ids('steady').includes(`after-${index}`));
      await member.restart();
    }
    expect(discovery.pick('steady').id).toBe('a');
    expect(seen.every((list) => list.includes('a'))).toBe(true);
  });

  it('keeps its list while no member answers, through a compaction too, and then has the net difference', async () => {
    await put('away', 'a');
    await put('away', 'b');
    const { discovery, ids, lists } = await start('away');
    const seen = lists('away');
    const handle = discovery.of('away');
    await Promise.all(etcd.members.map((member) => member.kill()));
    await until('the list to be stale', () => handle.stale);
    expect(ids('away')).toEqual(['a', 'b']);
    expect(['a', 'b']).toContain(handle.pick().id);
    await Promise.all(etcd.members.map((member) => member.restart()));
    await until('the cluster to write', async () => {
      await put('away', 'c');
      await etcd.delete('/piloted/away/a');
      return true;
    });
    await etcd.compact();
    await until('the difference', () => ids('away').join() === 'b,c');
    await until('the list to be fresh', () => !handle.stale);
    expect(seen.every((list) => list.length > 0)).toBe(true);
  });

  it('drops what lies outside of `allow` and what is no address, each with a warning, at boot and later', async () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => warnings.push(text) };
    const outside = ['169.254.169.254:80', '[::ffff:169.254.169.254]:80', 'localhost:80'];
    const none = ['10.0.0.256:80', '10.0.0.1:0', '10.0.0.1:65536', 'http://10.0.0.1:80'];
    const write = async (round: string): Promise<void> => {
      for (const [n, address] of [...outside, ...none].entries())
        await put('guarded', `${round}-bad-${n}`, address);
      await put('guarded', `${round}-good`, '10.0.0.1:80');
      await put('guarded', `${round}-mapped`, '[::ffff:10.0.0.2]:80');
    };
    await write('first');
    const registry = `etcd://${etcd.hosts}/piloted`;
    const one = await discover({ registry, services: ['guarded'], allow: ['10.0.0.0/8'], logger });
    open.push(one);
    expect(one.ids('guarded')).toEqual(['first-good', 'first-mapped']);
    await write('later');
    await until('the later ones', () => one.ids('guarded').includes('later-mapped'));
    expect(one.ids('guarded')).toEqual(['first-good', 'first-mapped', 'later-good', 'later-mapped']);
    const about = (id: string): string[] => warnings.filter((text) => text.includes(`"${id}"`));
    for (const round of ['first', 'later'])
      for (const n of [...outside, ...none].keys()) expect(about(`${round}-bad-${n}`)).toHaveLength(1);
  });
});
