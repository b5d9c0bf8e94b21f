import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createTlsSet, type TlsSet } from '../../harness/certificates.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { httpRequest } from '../../harness/http.js';
import { KeyReader } from '../../harness/reader.js';
import { until } from '../../harness/wait.js';

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

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

  it('continues without a paused member, which is killed at the end', async () => {
    const follower = await etcd.follower();
    await follower.pause();
    expect(await follower.healthy()).toBe(false);
    const leader = await etcd.leader();
    await etcd.etcdctl(['put', 'k', 'v'], [leader]);
    expect(follower.running).toBe(true);
  });
});

describe('the key reader', () => {
  it('sees a key appear and disappear, and continues while a member hangs', async () => {
    const etcd = await startEtcd({ size: 3 });
    const reader = KeyReader.start(etcd, 'seen', { every: 20, timeout: 300 });
    try {
      await until('a first reading', () => reader.absences().length > 0);
      await etcd.put('seen', 'yes');
      const present = await until('the key', () => reader.answered().find(({ kind }) => kind === 'present'));
      expect(present).toMatchObject({ value: 'yes', lease: '0' });
      await (await etcd.follower()).pause();
      await until('a member that hangs', () => reader.readings.find(({ kind }) => kind === 'failed'));
      const { ended } = reader.readings.at(-1)!;
      await until(
        'two more answers',
        () => reader.answered().filter(({ began }) => began > ended).length > 1,
      );
      await until('more than ten readings', () => reader.readings.length > 10);
    } finally {
      await reader.stop();
      await etcd.stop();
    }
  });
});

describe('a process that dies', () => {
  it('leaves no server behind, not even a paused one', async () => {
    const script = `
      import { spawn } from 'node:child_process';
      const reaper = spawn(process.execPath, ['test/harness/reaper-process.mjs'], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
      const server = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
      reaper.stdin.write('+' + server.pid + '\\n', () => {
        process.kill(server.pid, 'SIGSTOP');
        console.log(server.pid);
      });
      setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    owner.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()));
    const pid = Number(await until('the pid', () => /^(\d+)\n/.exec(printed)?.[1]));
    expect(alive(pid)).toBe(true);
    owner.kill('SIGKILL');
    await until('the server to be gone', () => !alive(pid));
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

describe('a persistent Consul agent', () => {
  let consul: ConsulAgent;
  beforeAll(async () => {
    consul = await startConsul({ persistent: true });
  });
  afterAll(async () => {
    await consul.stop();
  });

  it('keeps a service over a SIGKILL, and loses it when it is wiped', async () => {
    const body = { ID: 'dogs-1', Name: 'dogs', Port: 3000 };
    await consul.request('/v1/agent/service/register', { method: 'PUT', body });
    expect(await consul.passing('dogs')).toEqual(['dogs-1']);
    await consul.kill();
    await consul.restart();
    await until('the service', async () => (await consul.passing('dogs')).includes('dogs-1'));
    await consul.kill();
    await consul.wipe();
    await consul.restart();
    expect(await consul.passing('dogs')).toEqual([]);
  });
});

describe('a Consul agent that denies by default', () => {
  let consul: ConsulAgent;
  beforeAll(async () => {
    consul = await startConsul({ acl: true });
  });
  afterAll(async () => {
    await consul.stop();
  });

  it('grants a token the rights of its policy, and refuses others', async () => {
    const token = await consul.createToken('service "cats" { policy = "write" }');
    const register = async (name: string, secret: string): Promise<number> => {
      const headers = { 'x-consul-token': secret };
      const body = { Name: name, Port: 3000 };
      return (await consul.request('/v1/agent/service/register', { method: 'PUT', body, headers })).status;
    };
    expect(await register('cats', token)).toBe(200);
    expect(await register('dogs', token)).toBe(403);
    expect(await register('cats', '')).toBe(403);
  });
});

describe('servers with TLS', () => {
  let tls: TlsSet;
  beforeAll(async () => {
    tls = await createTlsSet({ mutual: true });
  });
  afterAll(async () => {
    await tls.remove();
  });

  it('an etcd answers the right client and refuses the others', async () => {
    const etcd = await startEtcd({ tls: tls.harness });
    try {
      await etcd.put('k', 'v');
      expect(await etcd.get('k')).toBe('v');
      await etcd.enableAuth('root-password');
      await etcd.addUser('app', 'app-password', 'app/', 'readwrite');
      expect(await etcd.etcdctl(['user', 'list'])).toBe('app\nroot');
      const version = `${etcd.urls[0]!}/version`;
      expect((await httpRequest(version, { tls: tls.good })).status).toBe(200);
      for (const client of [tls.anonymous, tls.wrong, tls.expired])
        await expect(httpRequest(version, { tls: client })).rejects.toThrow();
    } finally {
      await etcd.stop();
    }
  });

  it('a Consul agent answers the right client and refuses the others', async () => {
    const consul = await startConsul({ tls: tls.harness });
    try {
      expect((await consul.request('/v1/status/leader')).status).toBe(200);
      for (const client of [tls.anonymous, tls.wrong, tls.expired])
        await expect(consul.request('/v1/status/leader', { tls: client })).rejects.toThrow();
    } finally {
      await consul.stop();
    }
  });
});

describe('the network between members', () => {
  it('isolates a leader, which loses its office, and heals', async () => {
    const etcd = await startEtcd({ size: 3, partitions: true });
    try {
      const old = await etcd.leader();
      etcd.isolate(old);
      const rest = etcd.members.filter((member) => member !== old);
      await until('the old leader to find itself alone', async () => !(await old.healthy()), { every: 100 });
      await until('the others to continue', async () => await etcd.etcdctl(['put', 'k', 'v'], rest), {
        every: 100,
      });
      await expect(etcd.etcdctl(['--command-timeout=1s', 'get', 'k'], [old])).rejects.toThrow();
      const stale = await etcd.etcdctl(['get', 'k', '--consistency=s'], [old]);
      expect(stale).toBe('');
      etcd.network.heal();
      await etcd.whenHealthy();
      expect(await etcd.etcdctl(['get', 'k', '--print-value-only'], [old])).toBe('v');
    } finally {
      await etcd.stop();
    }
  });

  it('must be asked for', async () => {
    const etcd = await startEtcd();
    try {
      expect(() => etcd.network).toThrow('partitions: true');
    } finally {
      await etcd.stop();
    }
  });
});
