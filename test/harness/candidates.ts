import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LeaderSample } from '../chaos/validators/leaders.js';
import { type CandidateSettings, type CandidateView } from '../chaos/workers/candidates.js';
import { until } from './wait.js';
import { Worker } from './worker.js';

/** Processes of candidates in one election. The caller ends them. */
export class Candidates {
  private readonly processes: CandidateProcess[] = [];
  private readonly logs: string[] = [];

  /** @param folder for the logs of the processes */
  constructor(
    private readonly folder: string,
    private readonly options: Pick<CandidateSettings, 'url' | 'ttl'> &
      Partial<Pick<CandidateSettings, 'deadline' | 'lock'>>,
    readonly election = `election-${randomUUID()}`,
  ) {}

  /** The processes that have not ended. */
  get running(): readonly CandidateProcess[] {
    return this.processes.filter(({ ended }) => !ended);
  }

  /** Starts a process, with one candidate unless told otherwise. */
  async start(count = 1, url = this.options.url): Promise<CandidateProcess> {
    const { ttl, deadline = true, lock = false } = this.options;
    const name = `c${this.processes.length}`;
    const log = join(this.folder, `${this.election}-${name}.log`);
    const started = await CandidateProcess.start({
      url,
      ttl,
      deadline,
      lock,
      election: this.election,
      name,
      count,
      log,
    });
    this.logs.push(log);
    this.processes.push(started);
    return started;
  }

  /** The processes with a candidate that leads. */
  async leaders(among = this.running): Promise<CandidateProcess[]> {
    const views = await Promise.all(among.map((one) => one.views()));
    return among.filter((_, n) => views[n]?.some(({ term }) => term !== undefined));
  }

  /** Waits for one leader. */
  async leader(deadline = 60_000, among = this.running): Promise<CandidateProcess> {
    return await until('a leader', async () => (await this.leaders(among))[0], { deadline, every: 10 });
  }

  /** Everything that the candidates have seen of their leadership, in the order of time. */
  async samples(): Promise<LeaderSample[]> {
    const texts = await Promise.all(this.logs.map((log) => readFile(log, 'utf8').catch(() => '')));
    return texts
      .flatMap((text) => text.split('\n').filter((line) => line.endsWith(']')))
      .map((line) => {
        const [who, at, term] = JSON.parse(line) as [string, number, string | null];
        return { who, at, term: term ?? undefined };
      })
      .sort((a, b) => a.at - b.at);
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.map((one) => one.stop()));
  }
}

/** One process of candidates. */
export class CandidateProcess {
  ended = false;

  private constructor(
    private readonly worker: Worker,
    readonly pid: number,
    readonly name: string,
  ) {}

  static async start(settings: CandidateSettings): Promise<CandidateProcess> {
    const worker = Worker.start(new URL('../chaos/workers/candidates.ts', import.meta.url), settings);
    const pid = await worker.ask<number>('pid');
    await worker.ask('start');
    return new CandidateProcess(worker, pid, settings.name);
  }

  async views(): Promise<readonly CandidateView[]> {
    return await this.worker.ask('views');
  }

  async resign(): Promise<void> {
    await this.worker.ask('resign');
  }

  async campaign(): Promise<void> {
    await this.worker.ask('campaign');
  }

  async moveWall(ms: number): Promise<void> {
    await this.worker.ask('moveWall', ms);
  }

  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  async kill(): Promise<void> {
    this.ended = true;
    process.kill(this.pid, 'SIGKILL');
    await this.worker.end();
  }

  /** Closes the candidates, and ends the process. */
  async stop(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    await this.worker.ask('close').catch(() => undefined);
    if (!(await this.worker.end())) throw new Error(`Expected ${this.name} to end by itself.`);
  }
}
