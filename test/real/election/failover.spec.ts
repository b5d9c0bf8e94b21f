import { oneLeader } from '../../chaos/validators/leaders.js';
import { Candidates } from '../../harness/candidates.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { monotonic, sleep, until } from '../../harness/wait.js';

/** A registry of this spec. */
interface Place {
  readonly name: string;
  /** Seconds. */
  readonly ttl: number;
  /** Seconds within which another candidate leads after a SIGKILL. */
  readonly afterKill: number;
  readonly url: () => string;
}

/** Ten times what a handover may take. */
const HANDOVER_MS = 1_500;

describe('elections of several processes', () => {
  let etcd: EtcdCluster;
  let consul: ConsulAgent;
  let folder: string;
  const open: Candidates[] = [];

  beforeAll(async () => {
    [etcd, consul, folder] = await Promise.all([
      startEtcd({ size: 3 }),
      startConsul(),
      tempFolder('elections'),
    ]);
  });

  afterEach(async () => {
    for (const candidates of open.splice(0)) await candidates.stop();
  });

  afterAll(async () => {
    await Promise.all([etcd.stop(), consul.stop()]);
    await removeFolder(folder);
  });

  function candidates(url: string, ttl: number): Candidates {
    const made = new Candidates(folder, { url, ttl });
    open.push(made);
    return made;
  }

  const places: readonly Place[] = [
    { name: 'etcd', ttl: 3, afterKill: 4, url: () => `etcd://${etcd.hosts}` },
    { name: 'consul', ttl: 10, afterKill: 21, url: () => `consul://${consul.host}:${consul.port}` },
    { name: 'file', ttl: 3, afterKill: 4, url: () => `file:${folder}` },
  ];

  // All at the same time: most of it is waiting for a TTL.
  it('hand over after a clean stop, and after a SIGKILL', async () => {
    await Promise.all(places.map((place) => handOver(place)));
  }, 60_000);

  async function handOver(place: Place): Promise<void> {
    const all = candidates(place.url(), place.ttl);
    const first = await all.start();
    await all.leader();
    await Promise.all([all.start(), all.start()]);
    await Promise.all(all.running.map((one) => followed(one)));

    const since = monotonic();
    const stopping = first.stop();
    const second = await all.leader(10_000);
    const released = monotonic() - since;
    await stopping;

    await all.start();
    await second.kill();
    const killedAt = monotonic();
    await all.leader(60_000);
    const killed = monotonic() - killedAt;

    expect({ place: place.name, released: released < HANDOVER_MS }).toEqual({
      place: place.name,
      released: true,
    });
    expect(killed).toBeLessThan(place.afterKill * 1_000 + 1_000);
    await sleep(200);
    expect(oneLeader(await all.samples())).toEqual([]);
  }
});

/** Waits until a process knows the leader. */
async function followed(one: { views(): Promise<readonly { leader: string | undefined }[]> }): Promise<void> {
  await until('a known leader', async () => (await one.views()).every(({ leader }) => leader !== undefined));
}
