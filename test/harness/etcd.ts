import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { binary } from './binaries.js';
import { EtcdMember, type EtcdMemberPlan } from './etcd-member.js';
import { httpJson } from './http.js';
import { PeerNetwork } from './partition.js';
import { freePorts } from './ports.js';
import { removeFolder, tempFolder } from './temp.js';
import { type HarnessTls } from './tls.js';
import { until } from './wait.js';

export interface EtcdOptions {
  /** Number of members; 1 by default. */
  readonly size?: number;
  /** Which etcd; 3.5 by default. */
  readonly version?: '3.5' | '3.4';
  /** Whether writes reach the disk before they are acknowledged; false by default, which is faster (3.5 only). */
  readonly fsync?: boolean;
  /** Client connections by TLS. */
  readonly tls?: HarnessTls;
  /** History kept, as in `--auto-compaction-retention` with mode `revision`; all of it by default. */
  readonly keepRevisions?: number;
  /** Seconds a token of a user lives (`--auth-token-ttl`); 300 by default, as in etcd. */
  readonly tokenTtl?: number;
  /** Further arguments for every member. */
  readonly args?: readonly string[];
  /** Whether the connections between the members can be cut, by {@link EtcdCluster.network}; false by default. */
  readonly partitions?: boolean;
}

/** The data with which a cluster returns. */
export interface Replacement {
  /** A file of {@link EtcdCluster.saveSnapshot}; nothing at all where it is left out. */
  readonly snapshot?: string;
  readonly token?: string;
}

/** A running etcd of one or more members, on loopback ports, in a temporary folder. */
export class EtcdCluster {
  private auth: { readonly user: string; readonly password: string } | undefined;

  constructor(
    readonly members: readonly EtcdMember[],
    private readonly folder: string,
    readonly tls: HarnessTls | undefined,
    private readonly peers: PeerNetwork | undefined,
  ) {}

  /** The network between the members, with `partitions: true`. */
  get network(): PeerNetwork {
    if (!this.peers) throw new Error('Start the cluster with `partitions: true` to cut its connections.');
    return this.peers;
  }

  /** Cuts a member off from all others; clients still reach it. Ends with `network.heal()`. */
  isolate(member: EtcdMember): void {
    this.network.isolate(this.members.indexOf(member));
  }

  /** The client URLs of all members. */
  get urls(): string[] {
    return this.members.map((member) => member.url);
  }

  /** `127.0.0.1:port` of all members. */
  get endpoints(): string[] {
    return this.members.map((member) => member.endpoint);
  }

  /** Comma-separated, as `etcd://` URLs and `--endpoints` want it. */
  get hosts(): string {
    return this.endpoints.join(',');
  }

  /** Resolves when every member that runs and is not paused says it is healthy. */
  async whenHealthy(deadline?: number): Promise<void> {
    await Promise.all(this.awake().map((member) => member.whenHealthy(deadline)));
  }

  /** The member that leads now; waits for an election to end. */
  async leader(deadline = 60_000): Promise<EtcdMember> {
    return await until(
      'a leader',
      async () => {
        for (const member of this.awake()) {
          const status = await this.status(member).catch(() => undefined);
          if (
            status?.leader !== undefined &&
            status.leader !== '0' &&
            status.leader === status.header.member_id
          )
            return member;
        }
        return undefined;
      },
      { deadline, every: 50 },
    );
  }

  /** A member that does not lead. */
  async follower(deadline?: number): Promise<EtcdMember> {
    const leader = await this.leader(deadline);
    const follower = this.awake().find((member) => member !== leader);
    if (!follower) throw new Error('No member follows: the cluster has no other that is awake.');
    return follower;
  }

  /** Runs etcdctl against the cluster (or `members`) and returns its output without the line break at the end. */
  async etcdctl(args: readonly string[], members: readonly EtcdMember[] = this.members): Promise<string> {
    const files = this.tls?.clientFiles;
    const { stdout } = await promisify(execFile)(
      await binary('etcdctl'),
      [
        `--endpoints=${members.map((member) => member.url).join(',')}`,
        '--command-timeout=50s',
        // Of 2 s by default, within which a server on a busy machine does not always check a password.
        '--dial-timeout=50s',
        ...(files ? [`--cacert=${files.ca}`] : []),
        ...(files ? [`--cert=${files.cert}`, `--key=${files.key}`] : []),
        ...(this.auth ? [`--user=${this.auth.user}:${this.auth.password}`] : []),
        ...args,
      ],
      { env: { PATH: process.env.PATH, ETCDCTL_API: '3' }, timeout: 60_000 },
    );
    return stdout.trimEnd();
  }

  /** The value of a key as a linearizable read, or undefined. */
  async get(key: string): Promise<string | undefined> {
    const { kvs } = JSON.parse(await this.etcdctl(['get', key, '-w', 'json'])) as {
      kvs?: { value?: string }[];
    };
    return kvs?.[0] && Buffer.from(kvs[0].value ?? '', 'base64').toString();
  }

  /** All keys that begin with `prefix`, in order. */
  async keys(prefix: string): Promise<string[]> {
    const listed = await this.etcdctl(['get', prefix, '--prefix', '--keys-only']);
    return listed.split('\n').filter((line) => line !== '');
  }

  async put(key: string, value: string): Promise<void> {
    await this.etcdctl(['put', '--', key, value]);
  }

  async delete(key: string): Promise<void> {
    await this.etcdctl(['del', '--', key]);
  }

  /** The current revision of the store. */
  async revision(): Promise<number> {
    const answer = JSON.parse(await this.etcdctl(['get', 'revision-probe', '-w', 'json'])) as {
      header: { revision: number };
    };
    return answer.header.revision;
  }

  /** Forgets all history up to `revision`, the current one by default. */
  async compact(revision?: number): Promise<void> {
    await this.etcdctl(['compact', String(revision ?? (await this.revision()))]);
  }

  /** The ids of all leases, in hexadecimal as etcdctl prints them. */
  async leases(): Promise<string[]> {
    const listed = await this.etcdctl(['lease', 'list']);
    return listed.split('\n').filter((line) => /^[0-9a-f]+$/.test(line));
  }

  async revoke(lease: string): Promise<void> {
    await this.etcdctl(['lease', 'revoke', lease]);
  }

  /** Enables authentication; the harness continues as `root` with the given password. */
  async enableAuth(rootPassword: string): Promise<void> {
    await this.etcdctl(['user', 'add', `root:${rootPassword}`]);
    await this.etcdctl(['user', 'grant-role', 'root', 'root']);
    await this.etcdctl(['auth', 'enable']);
    this.auth = { user: 'root', password: rootPassword };
  }

  /** Adds a user that may read and write the keys that begin with `prefix`. */
  async addUser(
    user: string,
    password: string,
    prefix: string,
    rights: 'read' | 'write' | 'readwrite',
  ): Promise<void> {
    await this.etcdctl(['role', 'add', user]);
    await this.etcdctl(['role', 'grant-permission', user, '--prefix=true', rights, prefix]);
    await this.etcdctl(['user', 'add', `${user}:${password}`]);
    await this.etcdctl(['user', 'grant-role', user, user]);
  }

  /** Keeps what there is now in a file, for {@link replace}. */
  async saveSnapshot(file: string): Promise<void> {
    await this.etcdctl(['snapshot', 'save', file], [await this.leader()]);
  }

  /**
   * Kills every member and starts the cluster again at the same addresses, empty or with what a snapshot has. With
   * another `token` it has another cluster id. Resolves when it is healthy.
   */
  async replace({ snapshot, token = 'test' }: Replacement = {}): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    for (const member of this.members) {
      await member.wipe();
      if (snapshot === undefined) continue;
      const from = ['snapshot', 'restore', snapshot, `--initial-cluster-token=${token}`];
      await this.etcdctl([...from, ...member.restoring]);
    }
    for (const member of this.members) member.launch([`--initial-cluster-token=${token}`]);
    await this.whenHealthy();
    await this.introduce();
  }

  /** Assigns the members' ids to the network between them; part of the start. */
  async introduce(): Promise<void> {
    if (!this.peers) return;
    const statuses = await Promise.all(this.members.map((member) => this.status(member)));
    this.peers.introduce(statuses.map(({ header }) => BigInt(header.member_id).toString(16)));
  }

  /** Kills every member, paused ones too, and removes the data. */
  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    await this.peers?.stop();
    await removeFolder(this.folder);
  }

  private awake(): EtcdMember[] {
    return this.members.filter((member) => member.running && !member.paused);
  }

  private async status(member: EtcdMember): Promise<{ leader?: string; header: { member_id: string } }> {
    return await httpJson(`${member.url}/v3/maintenance/status`, {
      method: 'POST',
      body: {},
      timeout: 5_000,
      tls: this.tls?.client,
    });
  }
}

/** Attempts to start before giving up: another process may take a port between the look and the use. */
const ATTEMPTS = 5;

/** Starts an etcd and resolves when all its members are healthy. */
export async function startEtcd(options: EtcdOptions = {}): Promise<EtcdCluster> {
  for (let attempt = 1; ; attempt++) {
    const cluster = await launch(options);
    try {
      await cluster.whenHealthy();
      await cluster.introduce();
      return cluster;
    } catch (error) {
      await cluster.stop();
      const clash = error instanceof Error && error.message.includes('address already in use');
      if (!clash || attempt === ATTEMPTS) throw error;
    }
  }
}

async function launch(options: EtcdOptions): Promise<EtcdCluster> {
  const { size = 1, version = '3.5', tls } = options;
  const program = await binary(version === '3.4' ? 'etcd34' : 'etcd');
  const folder = await tempFolder('etcd');
  const ports = await freePorts(3 * size);
  const peerPorts = ports.slice(size, 2 * size);
  const peers = options.partitions ? new PeerNetwork() : undefined;
  const advertised = peers ? await peers.open(peerPorts) : peerPorts;
  const initial = advertised.map((port, i) => `m${i}=http://127.0.0.1:${port}`).join(',');
  const members = await Promise.all(
    peerPorts.map(async (peerPort, i) => {
      const plan: EtcdMemberPlan = {
        name: `m${i}`,
        program,
        folder: join(folder, `m${i}`),
        url: `${tls ? 'https' : 'http'}://127.0.0.1:${ports[i]!}`,
        metricsUrl: `http://127.0.0.1:${ports[2 * size + i]!}`,
        args: [],
      };
      await mkdir(plan.folder);
      return new EtcdMember({
        ...plan,
        args: argumentsOf(plan, options, peerPort, advertised[i]!, initial),
      });
    }),
  );
  const cluster = new EtcdCluster(members, folder, tls, peers);
  for (const member of members) member.launch();
  return cluster;
}

function argumentsOf(
  plan: EtcdMemberPlan,
  { size = 1, version = '3.5', fsync = false, tls, keepRevisions, tokenTtl, args = [] }: EtcdOptions,
  peerPort: number,
  advertisedPort: number,
  initial: string,
): string[] {
  return [
    `--name=${plan.name}`,
    `--data-dir=${join(plan.folder, 'data')}`,
    `--listen-client-urls=${plan.url}`,
    `--advertise-client-urls=${plan.url}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${advertisedPort}`,
    `--listen-metrics-urls=${plan.metricsUrl}`,
    `--initial-cluster=${initial}`,
    '--initial-cluster-state=new',
    '--initial-cluster-token=test',
    '--log-level=warn',
    // A single member need not wait for others when it restarts.
    ...(size === 1 ? ['--heartbeat-interval=20', '--election-timeout=200'] : []),
    ...(!fsync && version === '3.5' ? ['--unsafe-no-fsync'] : []),
    ...(tls ? [`--cert-file=${tls.server.cert}`, `--key-file=${tls.server.key}`] : []),
    ...(tls?.server.ca ? [`--trusted-ca-file=${tls.server.ca}`, '--client-cert-auth'] : []),
    ...(keepRevisions === undefined
      ? []
      : ['--auto-compaction-mode=revision', `--auto-compaction-retention=${keepRevisions}`]),
    // The lowest: a check of a password by the default cost takes 0.1 s of processor time.
    '--bcrypt-cost=4',
    ...(tokenTtl === undefined ? [] : [`--auth-token-ttl=${tokenTtl}`]),
    ...args,
  ];
}
