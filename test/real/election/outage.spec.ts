import { Candidates } from '../../harness/candidates.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { TcpProxy } from '../../harness/proxy.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { sleep, until } from '../../harness/wait.js';

/** Seconds. */
const TTL = 6;

describe('an election while its registry is away', () => {
  let etcd: EtcdCluster;
  let proxy: TcpProxy;
  let folder: string;
  let candidates: Candidates;

  beforeAll(async () => {
    etcd = await startEtcd({});
    proxy = await TcpProxy.to(etcd.members[0]!);
    folder = await tempFolder('election-outage');
    candidates = new Candidates(folder, { url: `etcd://${proxy.endpoint}`, ttl: TTL });
  });

  afterAll(async () => {
    await candidates.stop();
    await proxy.stop();
    await etcd.stop();
    await removeFolder(folder);
  });

  it('keeps leader and term for less than TTL/2 - 1.5 s, and resumes the term after longer', async () => {
    const one = await candidates.start();
    await candidates.leader();
    const term = async (): Promise<string | undefined> => (await one.views())[0]?.term;
    const before = await term();
    proxy.swallow();
    await sleep((TTL / 2 - 1.5) * 1_000);
    proxy.pass();
    await sleep(TTL * 1_000);
    expect(new Set((await candidates.samples()).map((sample) => sample.term))).toEqual(new Set([before]));

    // etcd is away as a whole, and renews its leases when it comes back.
    await etcd.members[0]?.kill();
    await until('the end of leadership', async () => (await term()) === undefined, { deadline: TTL * 1_000 });
    await etcd.members[0]?.restart();
    await until('the same term', async () => (await term()) === before, { deadline: 3 * TTL * 1_000 });
  }, 60_000);
});
