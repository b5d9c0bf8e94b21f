import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { httpJson, httpRequest } from './http.js';
import { ServerProcess } from './server-process.js';
import { removeFolder } from './temp.js';
import { monotonic, sleep } from './wait.js';

/** How one member is run; made by {@link startEtcd}. */
export interface EtcdMemberPlan {
  readonly name: string;
  readonly program: string;
  readonly folder: string;
  /** Where clients reach it. */
  readonly url: string;
  /** Where health is asked: plain HTTP, with TLS to clients too. */
  readonly metricsUrl: string;
  readonly args: readonly string[];
}

/** One member of a cluster. */
export class EtcdMember {
  private process: ServerProcess | undefined;
  private copies = 0;

  constructor(private readonly plan: EtcdMemberPlan) {}

  get name(): string {
    return this.plan.name;
  }

  /** Where clients reach it: `http://127.0.0.1:12379`. */
  get url(): string {
    return this.plan.url;
  }

  /** `127.0.0.1:12379`. */
  get endpoint(): string {
    return new URL(this.plan.url).host;
  }

  get port(): number {
    return Number(new URL(this.plan.url).port);
  }

  get metricsUrl(): string {
    return this.plan.metricsUrl;
  }

  get running(): boolean {
    return this.process?.running ?? false;
  }

  get paused(): boolean {
    return this.process?.paused ?? false;
  }

  get pid(): number {
    return this.current().pid;
  }

  /** Starts the process without waiting for it; `args` come after those it is always started with, and count. */
  launch(args: readonly string[] = []): void {
    if (this.running) throw new Error(`${this.name} is running already.`);
    this.process = ServerProcess.start(this.plan.program, [...this.plan.args, ...args], this.logFile);
  }

  /** Resolves when the member says it is healthy: it has a leader and can write. */
  async whenHealthy(deadline = 60_000): Promise<void> {
    const end = monotonic() + deadline;
    for (;;) {
      if (!this.running) throw new Error(`${this.name} ended while it was waited for:\n${this.logTail()}`);
      if (await this.healthy()) return;
      if (monotonic() > end)
        throw new Error(`${this.name} was not healthy within ${deadline} ms:\n${this.logTail()}`);
      await sleep(20);
    }
  }

  /** Whether it answers that it has a leader and can write. */
  async healthy(): Promise<boolean> {
    try {
      const { health } = await httpJson<{ health: string }>(`${this.metricsUrl}/health`, { timeout: 1_000 });
      return health === 'true';
    } catch {
      return false;
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

  /** Starts it again with its data and ports, after {@link kill} or {@link shutdown}. */
  async restart(deadline?: number, args: readonly string[] = []): Promise<void> {
    this.launch(args);
    await this.whenHealthy(deadline);
  }

  /** SIGTERM; resolves when the process is gone. */
  async shutdown(): Promise<void> {
    await this.process?.terminate();
  }

  /** Removes its data; only while it does not run. */
  async wipe(): Promise<void> {
    if (this.running) throw new Error(`${this.name} is running: kill it before its data is removed.`);
    await removeFolder(this.dataFolder);
  }

  /** Puts a copy of its data away, to be given to {@link recall} later; only while it does not run. */
  async remember(): Promise<string> {
    if (this.running) throw new Error(`${this.name} is running: kill it before its data is copied.`);
    const copy = `${this.dataFolder}-${++this.copies}`;
    await cp(this.dataFolder, copy, { recursive: true });
    return copy;
  }

  /** Has again the data it had once; only while it does not run. */
  async recall(copy: string): Promise<void> {
    await this.wipe();
    await cp(copy, this.dataFolder, { recursive: true });
  }

  /** Requests of one method of gRPC that it has got since it was started: `Range`. */
  async requests(method: string): Promise<number> {
    const { text } = await httpRequest(`${this.metricsUrl}/metrics`);
    const counter = new RegExp(`^grpc_server_started_total\\{grpc_method="${method}",.*\\} (\\S+)$`, 'gm');
    return [...text.matchAll(counter)].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** Watches that it serves. */
  async watchers(): Promise<number> {
    const { text } = await httpRequest(`${this.metricsUrl}/metrics`);
    return Number(/^etcd_debugging_mvcc_watcher_total (\d+)/m.exec(text)?.[1]);
  }

  /** Arguments of `etcdctl snapshot restore` that recreate its data. */
  get restoring(): readonly string[] {
    const needed = ['--name=', '--data-dir=', '--initial-cluster=', '--initial-advertise-peer-urls='];
    return this.plan.args.filter((argument) => needed.some((option) => argument.startsWith(option)));
  }

  /** The last lines of its log. */
  logTail(lines = 15): string {
    return this.process?.log().trimEnd().split('\n').slice(-lines).join('\n') ?? '';
  }

  private get dataFolder(): string {
    return join(this.plan.folder, 'data');
  }

  private get logFile(): string {
    return join(this.plan.folder, 'log');
  }

  private current(): ServerProcess {
    if (!this.process) throw new Error(`${this.name} was not started.`);
    return this.process;
  }
}
