import { oneLeader } from '../../chaos/validators/leaders.js';
import { Candidates } from '../../harness/candidates.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { monotonic, until } from '../../harness/wait.js';

/** A registry of this spec. */
interface Place {
  readonly name: string;
  /** Seconds after which an entry of a killed process is gone. */
  readonly expiry: number;
  readonly url: () => string;
}

/** Seconds. */
const TTL = 10;

/** What a busy machine adds to an expiry, in milliseconds. */
const SLACK_MS = 15_000;

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

  function candidates(url: string): Candidates {
    const made = new Candidates(folder, { url, ttl: TTL });
    open.push(made);
    return made;
  }

  const places: readonly Place[] = [
    { name: 'etcd', expiry: TTL, url: () => `etcd://${etcd.hosts}` },
    // Consul waits for twice the TTL.
    { name: 'consul', expiry: 2 * TTL, url: () => `consul://${consul.host}:${consul.port}` },
    { name: 'file', expiry: TTL, url: () => `file:${folder}` },
  ];

  // All at the same time: most of it is waiting for a TTL.
  it('hand over after a clean stop, and after a SIGKILL', async () => {
    await Promise.all(places.map((place) => handOver(place)));
  });

  async function handOver(place: Place): Promise<void> {
    const all = candidates(place.url());
    const first = await all.start();
    await all.leader();
    await Promise.all([all.start(), all.start()]);
    await Promise.all(all.running.map((one) => followed(one)));

    const since = monotonic();
    const stopping = first.stop();
    const second = await all.leader();
    const released = monotonic() - since;
    await stopping;

    await all.start();
    await second.kill();
    const killedAt = monotonic();
    await all.leader(120_000);
    const killed = monotonic() - killedAt;

    // A handover that takes less does not wait for an entry to expire.
    expect({ place: place.name, released: released < (place.expiry - 2) * 1_000 }).toEqual({
      place: place.name,
      released: true,
    });
    expect(killed).toBeLessThan(place.expiry * 1_000 + SLACK_MS);
    expect(oneLeader(await all.samples())).toEqual([]);
  }
});

/** Waits until a process knows the leader. */
async function followed(one: { views(): Promise<readonly { leader: string | undefined }[]> }): Promise<void> {
  await until('a known leader', async () => (await one.views()).every(({ leader }) => leader !== undefined));
}
