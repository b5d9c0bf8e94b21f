import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DiscoveryService, PilotedModule, Sidekick, SidekickModule } from '../../../lib/index.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { TcpProxy } from '../../harness/proxy.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { monotonic, sleep, until } from '../../harness/wait.js';
import { documented } from './documented.js';
import { boot, recording } from './support.js';

const SERVICE = { name: 'web', id: 'one', address: '10.0.0.1', port: 80 };
const KEY = 'servers/web';

/** An application that announces, keeps a key and discovers; `bad` gathers what must not happen. */
async function application(registry: string) {
  const logger = recording();
  const app = await boot(
    SidekickModule.forRoot({ registry, key: KEY, value: 'one', ttl: 10, logger }),
    PilotedModule.forRoot({ registry, services: ['web'], boot: 'fail', bootTimeout: 60, logger }),
  );
  const [sidekick, discovery] = [app.get(Sidekick), app.get(DiscoveryService)];
  const bad: string[] = [];
  sidekick.events.subscribe(({ type, key, reason }) => {
    if (type === 'lost' || type === 'restored') bad.push(`${type} ${key} ${reason ?? ''}`);
  });
  const service = await sidekick.announce(SERVICE);
  const handle = discovery.of('web');
  await until('the instance', () => handle.endpoints.length === 1);
  handle.changes.subscribe(({ endpoints }) => {
    if (endpoints.length === 0) bad.push('an empty list');
  });
  /** Every beat is acknowledged after this call. */
  const acknowledged = async (): Promise<void> => {
    const asked = monotonic();
    await until('every beat to be acknowledged again', () =>
      sidekick.beats.every(
        ({ state, age = Infinity }) => state === 'alive' && age * 1_000 < monotonic() - asked,
      ),
    );
  };
  return { app, sidekick, service, handle, bad, acknowledged, logger };
}

describe('A token file of Consul that is replaced', () => {
  let agent: ConsulAgent;
  let folder: string;
  let tokenFile: string;

  beforeAll(async () => {
    agent = await startConsul({ acl: true });
    folder = await tempFolder('rotation');
    tokenFile = join(folder, 'token');
  });
  afterAll(async () => {
    await agent.stop();
    await removeFolder(folder);
  });

  const token = async (): Promise<string> =>
    await agent.createToken(
      // Write permission includes read permission, and each rule is given once.
      documented('hcl', 'announces').join('\n'),
    );

  async function revoke(secret: string): Promise<void> {
    const { AccessorID } = await agent.json<{ AccessorID: string }>('/v1/acl/token/self', {
      headers: { 'x-consul-token': secret },
    });
    await agent.json(`/v1/acl/token/${AccessorID}`, { method: 'DELETE' });
  }

  async function replace(secret: string): Promise<void> {
    await writeFile(`${tokenFile}.new`, `${secret}\n`, { mode: 0o600 });
    await rename(`${tokenFile}.new`, tokenFile);
  }

  it('costs no beat, no entry and no list, whether the old token ends after the new one is there or before', async () => {
    let current = await token();
    await replace(current);
    const { app, service, handle, bad, acknowledged, logger } = await application(
      `consul://127.0.0.1:${agent.port}?tokenFile=${encodeURIComponent(tokenFile)}`,
    );
    for (const gap of [0, 1_000]) {
      const next = await token();
      if (gap === 0) await replace(next);
      await revoke(current);
      await sleep(gap);
      await replace(next);
      current = next;
      await acknowledged();
      await service.update({ tags: [`gap-${gap}`] });
      await until('the change', () => handle.endpoints[0]?.tags.includes(`gap-${gap}`));
      await until('the list to be fresh', () => !handle.stale);
    }
    expect(bad).toEqual([]);
    for (const secret of [current]) expect(logger.lines.join('\n')).not.toContain(secret);
    await app.close();
    expect(await agent.passing('web')).toEqual([]);
  });
});

describe('Tokens of etcd that live for one second', () => {
  let etcd: EtcdCluster;
  let proxy: TcpProxy;

  beforeAll(async () => {
    etcd = await startEtcd({ tokenTtl: 1 });
    await etcd.enableAuth('root');
    await etcd.etcdctl(['role', 'add', 'app']);
    await etcd.etcdctl(['role', 'grant-permission', 'app', '--prefix', 'readwrite', '/nestjs-sidekick/']);
    await etcd.etcdctl(['role', 'grant-permission', 'app', 'readwrite', KEY]);
    await etcd.etcdctl(['user', 'add', 'app:secret']);
    await etcd.etcdctl(['user', 'grant-role', 'app', 'app']);
    proxy = await TcpProxy.to(etcd.members[0]!);
  });
  afterAll(async () => {
    await proxy.stop();
    await etcd.stop();
  });

  it('are renewed without losing lease, watch or list, though connections break at the same moment', async () => {
    const { app, service, handle, bad, acknowledged, sidekick } = await application(
      `etcd://app:secret@${proxy.endpoint}?timeout=10`,
    );
    const leases = await etcd.leases();
    for (const round of [1, 2, 3]) {
      // Idle for longer than a token lives: the one at hand has expired when the connection is cut.
      await sleep(1_500);
      proxy.cut();
      await acknowledged();
      // By another user: only a watch that is attached again sees it.
      await etcd.put(
        `/nestjs-sidekick/web/other-${round}`,
        JSON.stringify({ Op: 0, Addr: `10.0.0.${round + 1}:80` }),
      );
      await until('what others have put', () => handle.endpoints.length === 1 + round);
      await service.update({ tags: [`round-${round}`] });
      await sidekick.value(`round-${round}`);
      expect(await etcd.get(KEY)).toBe(`round-${round}`);
    }
    // An operator who deletes the key is answered by its watch.
    await sleep(1_500);
    proxy.cut();
    expect(bad).toEqual([]);
    await etcd.delete(KEY);
    await until('the key again', async () => (await etcd.get(KEY)) === 'round-3');
    expect(await etcd.leases()).toEqual(leases);
    await until('the list to be fresh', () => !handle.stale);
    await app.close();
    expect(await etcd.keys('/')).toHaveLength(3);
  });
});
