import { Candidates } from '../../harness/candidates.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { TcpProxy } from '../../harness/proxy.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { sleep, until } from '../../harness/wait.js';

/** Seconds. The registry may be away for TTL/2 - 1.5 s; it is away for a third of that, since a busy machine is late. */
const TTL = 12;
const SHORT_MS = ((TTL / 2 - 1.5) / 3) * 1_000;

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
    await sleep(SHORT_MS);
    proxy.pass();
    // Beyond the time at which leadership would have ended.
    await sleep((TTL / 2) * 1_000);
    expect(new Set((await candidates.samples()).map((sample) => sample.term))).toEqual(new Set([before]));

    // etcd is away as a whole, and renews its leases when it comes back.
    await etcd.members[0]?.kill();
    await until('the end of leadership', async () => (await term()) === undefined);
    await etcd.members[0]?.restart();
    await until('the same term', async () => (await term()) === before);
  });
});
