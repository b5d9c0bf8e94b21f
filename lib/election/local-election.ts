import { setMaxListeners } from 'node:events';
import { type Observable, Subject } from 'rxjs';
import { deferred, type Deferred } from '../common/async/deferred.js';
import { attempt } from '../common/async/deadline.js';
import { type Clock, type Timer } from '../common/clock.js';
import { CHANNELS } from '../common/diagnostics.js';
import { expected } from '../common/expected.js';
import { type Logger } from '../common/logger.js';
import { type Candidacy } from './candidacy.js';
import { type ElectionBackend } from './election-backend.js';
import {
  type CampaignOptions,
  type Election,
  type ElectionChange,
  type Leader,
  type LeaderRun,
} from './election.js';
import { type ElectionStatus } from './election-client.js';
import { isMeta } from './election-record.js';
import { jobLabels, UNNAMED_JOB } from './job-labels.js';
import { LeadershipLostError } from './leadership-lost.error.js';
import { type ElectionSignal } from './election-state.js';

const MAX_META_BYTES = 4_096;
/** How long a release may take before the record is left to expire, in milliseconds. */
const RELEASE_TIMEOUT_MS = 700;
/** How long the jobs of an instance that has resigned may take until that is logged, in milliseconds. */
const LATE_JOBS_MS = 10_000;

/** Dependencies of a {@link LocalElection}. */
export interface LocalElectionDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** URL of the registry, for messages. */
  readonly url: string;
  readonly applicationId: string | undefined;
  readonly backend: ElectionBackend;
}

/** An election in the thread of the application: its jobs, signals, log and diagnostics. */
export class LocalElection implements Election {
  private readonly candidacy: Candidacy;
  private readonly subject = new Subject<ElectionChange>();
  /** The jobs in progress, and their labels. */
  private readonly runs = new Map<AbortController, string>();
  private readonly waiting = new Set<Deferred<void>>();
  private controller = new AbortController();
  /** Set while an instance that has resigned waits for its jobs. */
  private lateJobs: Timer | undefined;
  /** Set between `pause` and `resume`: whether to campaign afterwards, and how. */
  private paused: { readonly wanted: boolean; readonly options: CampaignOptions } | undefined;

  constructor(
    private readonly deps: LocalElectionDeps,
    readonly name: string,
  ) {
    this.controller.abort(new LeadershipLostError(name, 'resigned'));
    this.candidacy = deps.backend.candidacy(name, (signal) => {
      this.onSignal(signal);
    });
  }

  get isLeader(): boolean {
    return this.candidacy.leads;
  }

  get term(): string | undefined {
    return this.candidacy.term;
  }

  get leader(): Leader | undefined {
    return this.candidacy.leader;
  }

  get changes(): Observable<ElectionChange> {
    return this.subject.asObservable();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get status(): ElectionStatus {
    const { isLeader, leader, name } = this;
    return Object.freeze({ name, state: this.candidacy.phase, isLeader, leader, runs: this.runs.size });
  }

  private get campaigns(): boolean {
    return this.candidacy.campaigns;
  }

  campaign(options: CampaignOptions = {}): void {
    const { meta } = options;
    if (meta !== undefined && !isMeta(meta)) throw expected('meta', 'an object of strings', meta);
    const size = Buffer.byteLength(JSON.stringify(meta ?? {}));
    if (size > MAX_META_BYTES)
      throw expected('meta', `at most ${MAX_META_BYTES} bytes as JSON`, `${size} bytes`);
    if (this.paused) this.paused = { wanted: true, options: meta ? options : this.paused.options };
    else this.candidacy.dispatch({ kind: 'campaign', meta: meta && Object.freeze({ ...meta }) });
  }

  async resign(): Promise<void> {
    if (this.paused) this.paused = { ...this.paused, wanted: false };
    await this.leave();
  }

  /** Resigns until {@link resume}. */
  async pause(): Promise<void> {
    const { campaigns } = this;
    this.paused ??= { wanted: campaigns, options: {} };
    if (campaigns) await this.leave();
  }

  /** Campaigns again, if it did before {@link pause} or was to do so meanwhile. */
  resume(): void {
    const { paused } = this;
    this.paused = undefined;
    if (paused?.wanted) this.campaign(paused.options);
  }

  private async leave(): Promise<void> {
    this.candidacy.dispatch({ kind: 'resign' });
    if (this.runs.size > 0)
      this.lateJobs ??= this.deps.clock.after(LATE_JOBS_MS, () => this.warnOfLateJobs());
    await this.idle();
    await this.released();
  }

  private warnOfLateJobs(): void {
    if (this.campaigns) {
      this.lateJobs = undefined;
      return;
    }
    this.deps.logger.warn(
      `This instance has resigned from "${this.name}", but jobs that run by its leadership have not ended for ${LATE_JOBS_MS / 1_000} s: ${jobLabels(this.runs.values())}. No instance leads until they end. Let them end when their signal aborts.`,
    );
  }

  private forgetLateJobs(): void {
    this.lateJobs?.cancel();
    this.lateJobs = undefined;
  }

  begin(label = UNNAMED_JOB): LeaderRun | undefined {
    const { term } = this;
    if (term === undefined) return undefined;
    const controller = new AbortController();
    this.runs.set(controller, label);
    if (this.runs.size === 1) this.candidacy.dispatch({ kind: 'busy', busy: true });
    return {
      term,
      signal: controller.signal,
      end: () => {
        if (!this.runs.delete(controller) || this.runs.size > 0) return;
        this.candidacy.dispatch({ kind: 'busy', busy: false });
        this.settle();
      },
    };
  }

  /** Ends leadership at once, and aborts the signals. The record is kept until the jobs have ended. */
  shutdown(): void {
    this.forgetLateJobs();
    this.candidacy.dispatch({ kind: 'shutdown' });
  }

  /** Waits for the jobs and releases the record. After `graceMs` it gives up, and the record is left to expire. */
  async release(graceMs: number): Promise<void> {
    const { clock, logger } = this.deps;
    const what = `Jobs of "${this.name}"`;
    await attempt({ clock, timeoutMs: graceMs, what }, () => this.idle()).catch(() => undefined);
    if (this.runs.size > 0) {
      logger.warn(
        `Jobs that run by the leadership of "${this.name}" did not end within ${graceMs / 1_000} s of the shutdown: ${jobLabels(this.runs.values())}. Leadership is not released, and another instance leads after the TTL. Let the jobs end when their signal aborts, or raise \`grace\`.`,
      );
      return;
    }
    await this.released();
  }

  /** The application has stopped. */
  close(): void {
    this.subject.complete();
  }

  /** Resolves when no job runs. */
  private async idle(): Promise<void> {
    while (this.runs.size > 0) {
      const ended = deferred<void>();
      this.waiting.add(ended);
      await ended.promise;
    }
  }

  private async released(): Promise<void> {
    const { clock } = this.deps;
    const what = `Releasing "${this.name}"`;
    await attempt({ clock, timeoutMs: RELEASE_TIMEOUT_MS, what }, () => this.candidacy.released()).catch(
      () => undefined,
    );
  }

  private settle(): void {
    this.forgetLateJobs();
    for (const ended of this.waiting) ended.resolve();
    this.waiting.clear();
  }

  private onSignal(signal: ElectionSignal): void {
    const { logger, url } = this.deps;
    switch (signal.kind) {
      case 'elected':
        this.controller = new AbortController();
        // Every job of the term may listen to this signal, which is no leak.
        setMaxListeners(0, this.controller.signal);
        logger.log(`This instance leads "${this.name}" (term ${signal.term}).`, {
          event: 'elected',
          election: this.name,
          term: signal.term,
        });
        this.emit({ type: 'elected', term: signal.term, leader: this.leader });
        return;
      case 'deposed': {
        const lost = new LeadershipLostError(this.name, signal.reason);
        this.controller.abort(lost);
        for (const run of this.runs.keys()) run.abort(lost);
        const planned = signal.reason === 'resigned' || signal.reason === 'shutdown';
        const line = `${lost.message} Its term was ${signal.term}.`;
        const fields = { event: 'deposed', election: this.name, term: signal.term, reason: signal.reason };
        if (planned) logger.log(line, fields);
        else logger.warn(line, fields);
        this.emit({ type: 'deposed', term: signal.term, leader: this.leader, reason: signal.reason });
        return;
      }
      case 'leader': {
        const { leader } = this;
        if (leader)
          logger.log(`${leader.name} leads "${this.name}" (term ${leader.term}).`, {
            event: 'leader',
            election: this.name,
            term: leader.term,
            leader: leader.name,
          });
        this.emit({ type: 'leader', term: leader?.term, leader });
        return;
      }
      case 'term-went-back':
        logger.warn(
          `The term of "${this.name}" went back from ${signal.highest} to ${signal.term}: the registry ${url} has lost its history, for example by a restore. Stores that compare terms refuse this leader until its term is higher. Restore etcd with --bump-revision and --mark-compacted.`,
        );
    }
  }

  private emit(change: ElectionChange): void {
    const frozen = Object.freeze(change);
    const { electionChange } = CHANNELS;
    if (electionChange.hasSubscribers) {
      const { type, term, leader, reason } = frozen;
      const { applicationId } = this.deps;
      electionChange.publish(
        Object.freeze({ applicationId, election: this.name, type, term, leader: leader?.id, reason }),
      );
    }
    this.subject.next(frozen);
  }
}
