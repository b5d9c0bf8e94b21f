import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binary } from './binaries.js';
import { httpRequest, type HttpAnswer, type HttpOptions } from './http.js';
import { freePorts } from './ports.js';
import { ServerProcess } from './server-process.js';
import { removeFolder, tempFolder } from './temp.js';
import { type HarnessTls } from './tls.js';
import { monotonic, sleep, until } from './wait.js';

export interface ConsulOptions {
  /** Keeps its data over a restart; false by default: a dev agent, which starts ten times faster and forgets. */
  readonly persistent?: boolean;
  /** Denies everything that no token allows; the agent's `token` may do all. */
  readonly acl?: boolean;
  /** Serves HTTPS; demands a client certificate when `tls.server.ca` is given. */
  readonly tls?: HarnessTls;
  /** The port of its DNS interface, over UDP and TCP; none by default. */
  readonly dnsPort?: number;
  /** Further configuration, merged over the harness's own. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A running Consul agent with a server in it, on loopback ports, in a temporary folder. */
export class ConsulAgent {
  readonly host = '127.0.0.1';
  private process: ServerProcess | undefined;

  constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly ports: { readonly http: number },
    /** The token that may do everything, with `acl`. */
    readonly token: string | undefined,
    readonly tls: HarnessTls | undefined,
    private readonly persistent: boolean,
  ) {}

  /** `http://127.0.0.1:12500`. */
  get url(): string {
    return `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.ports.http}`;
  }

  get port(): number {
    return this.ports.http;
  }

  get running(): boolean {
    return this.process?.running ?? false;
  }

  get pid(): number {
    return this.current().pid;
  }

  /** Starts the process without waiting for it. */
  launch(): void {
    if (this.running) throw new Error('The Consul agent is running already.');
    this.process = ServerProcess.start(
      this.program,
      ['agent', ...(this.persistent ? [] : ['-dev']), `-config-dir=${join(this.folder, 'config')}`],
      join(this.folder, 'log'),
    );
  }

  /** Resolves when the agent has a leader and lists itself, so that registrations are accepted. */
  async whenReady(deadline = 60_000): Promise<void> {
    const end = monotonic() + deadline;
    for (;;) {
      if (!this.running)
        throw new Error(`The Consul agent ended while it was waited for:\n${this.logTail()}`);
      if (await this.ready()) return;
      if (monotonic() > end)
        throw new Error(`The Consul agent was not ready within ${deadline} ms:\n${this.logTail()}`);
      await sleep(20);
    }
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.process?.kill();
  }

  /** SIGSTOP: connections stay open, nothing answers. */
  async pause(): Promise<void> {
    await this.current().pause();
  }

  /** SIGCONT. */
  resume(): void {
    this.current().resume();
  }

  /** Starts it again on the same port: a persistent one with its data, a dev agent with none. */
  async restart(deadline?: number): Promise<void> {
    this.launch();
    await this.whenReady(deadline);
  }

  /** Removes its data; only while it does not run. */
  async wipe(): Promise<void> {
    if (this.running) throw new Error('The Consul agent is running: kill it before its data is removed.');
    await removeFolder(join(this.folder, 'data'));
    await mkdir(join(this.folder, 'data'));
  }

  /** One request to the HTTP API with the agent's own token, unless `headers` say otherwise. */
  async request(path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
    return await httpRequest(`${this.url}${path}`, {
      tls: this.tls?.client,
      ...options,
      headers: { ...(this.token === undefined ? {} : { 'x-consul-token': this.token }), ...options.headers },
    });
  }

  /** Like {@link request}, for a JSON answer with a status of 200. */
  async json<T>(path: string, options: HttpOptions = {}): Promise<T> {
    const answer = await this.request(path, options);
    if (answer.status !== 200)
      throw new Error(`${path} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    return JSON.parse(answer.text) as T;
  }

  /** The ids of the passing instances of a service. */
  async passing(service: string): Promise<string[]> {
    const list = await this.json<{ Service: { ID: string } }[]>(
      `/v1/health/service/${encodeURIComponent(service)}?passing`,
    );
    return list.map((entry) => entry.Service.ID).sort();
  }

  /** Makes a token with the rules given (HCL) and returns its secret. Needs `acl`. */
  async createToken(rules: string): Promise<string> {
    const name = `p${randomUUID()}`;
    await this.json('/v1/acl/policy', { method: 'PUT', body: { Name: name, Rules: rules } });
    const made = await this.json<{ SecretID: string }>('/v1/acl/token', {
      method: 'PUT',
      body: { Policies: [{ Name: name }] },
    });
    return made.SecretID;
  }

  /** The last lines of its log. */
  logTail(lines = 15): string {
    return this.process?.log().trimEnd().split('\n').slice(-lines).join('\n') ?? '';
  }

  /** Kills it, paused or not, and removes its data. */
  async stop(): Promise<void> {
    await this.kill();
    await removeFolder(this.folder);
  }

  private async ready(): Promise<boolean> {
    try {
      const leader = await this.json<string>('/v1/status/leader');
      const nodes = await this.json<unknown[]>('/v1/catalog/nodes');
      return leader !== '' && nodes.length > 0;
    } catch {
      return false;
    }
  }

  private current(): ServerProcess {
    if (!this.process) throw new Error('The Consul agent was not started.');
    return this.process;
  }
}

const ATTEMPTS = 5;

/** Starts a Consul agent and resolves when it accepts registrations. */
export async function startConsul(options: ConsulOptions = {}): Promise<ConsulAgent> {
  for (let attempt = 1; ; attempt++) {
    const agent = await prepare(options);
    try {
      agent.launch();
      await agent.whenReady();
      if (options.acl) await aclsAreUp(agent);
      return agent;
    } catch (error) {
      await agent.stop();
      const clash = error instanceof Error && error.message.includes('address already in use');
      if (!clash || attempt === ATTEMPTS) throw error;
    }
  }
}

async function prepare({
  persistent = false,
  acl = false,
  tls,
  dnsPort = -1,
  config = {},
}: ConsulOptions): Promise<ConsulAgent> {
  const program = await binary('consul');
  const folder = await tempFolder('consul');
  const [http, server, serfLan] = (await freePorts(3)) as [number, number, number];
  const token = acl ? randomUUID() : undefined;
  const settings = {
    server: true,
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    log_level: 'warn',
    disable_update_check: true,
    leave_on_terminate: false,
    ports: {
      http: tls ? -1 : http,
      https: tls ? http : -1,
      server,
      serf_lan: serfLan,
      serf_wan: -1,
      dns: dnsPort,
      grpc: -1,
    },
    performance: { raft_multiplier: 1 },
    ...(persistent ? { data_dir: join(folder, 'data'), bootstrap_expect: 1 } : {}),
    ...(token
      ? { acl: { enabled: true, default_policy: 'deny', tokens: { master: token, agent: token } } }
      : {}),
    ...(tls ? { cert_file: tls.server.cert, key_file: tls.server.key } : {}),
    ...(tls?.server.ca ? { ca_file: tls.server.ca, verify_incoming_https: true } : {}),
    ...config,
  };
  await mkdir(join(folder, 'config'));
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'config', 'agent.json'), JSON.stringify(settings));
  return new ConsulAgent(program, folder, { http }, token, tls, persistent);
}

/** The ACL system comes up a moment after the leader. */
async function aclsAreUp(agent: ConsulAgent): Promise<void> {
  await until('the ACL system', async () => await agent.json('/v1/acl/token/self'));
}
