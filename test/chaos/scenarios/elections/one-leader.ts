import { Candidates, type CandidateProcess } from '../../../harness/candidates.js';
import { type TcpProxy } from '../../../harness/proxy.js';
import { monotonic, sleep } from '../../../harness/wait.js';
import { between, pickOne } from '../../random.js';
import { type Finding } from '../../validators/finding.js';
import { oneLeader, reigns } from '../../validators/leaders.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';
import { consulPlace, type ElectionPlace, etcdPlace, filePlace } from './places.js';

/** Processes of an election. */
const PROCESSES = 4;
/** Share of faults that a paused process, cut off from its registry or both, makes long. */
const BEYOND_TTL = 1.6;
const AN_HOUR_MS = 3_600_000;

type FaultName = 'pause' | 'cut off' | 'kill' | 'resign' | 'delete' | 'revoke' | 'disturb' | 'wall clock';

const FAULTS: readonly FaultName[] = ['pause', 'cut off', 'kill', 'resign', 'disturb', 'wall clock'];
/** A lock is free at once when its record is removed by another hand. */
const FAULTS_OF_RECORDS: readonly FaultName[] = ['delete', 'revoke'];
/** Size from which all kinds of registry are played with locks too. */
const ALL_KINDS = 20;

interface Member {
  readonly candidate: CandidateProcess;
  readonly proxy: TcpProxy | undefined;
}

/** Random faults of candidates and of their registry, on each kind of registry at the same time. */
export const oneLeaderAtATime: Scenario = {
  name: 'one-leader',
  promise:
    'Over kills, pauses beyond the TTL, partitions, restarts of the registry, deleted records, revoked sessions and moved clocks, no two processes lead at once, and terms grow',
  needs: { 'local-deadline': 'never two leaders' },

  async run(stage, { kills, minutes = Infinity }) {
    const places = await Promise.all([etcdPlace(stage), consulPlace(stage), filePlace(stage)]);
    const end = monotonic() + minutes * 60_000;
    const findings = await Promise.all(
      places.map(async (place) => await new Reigns(stage, place).play(Math.ceil((kills * 4) / 3), end)),
    );
    return findings.flat();
  },
};

/** The same of runs under a lock. */
export const oneRunAtATime: Scenario = {
  name: 'one-run',
  promise:
    'Over kills, pauses beyond the TTL, partitions, restarts of the registry and moved clocks, no two processes hold a lock at once, and terms grow',
  needs: { 'local-deadline': 'one run at a time' },

  async run(stage, { kills, minutes = Infinity }) {
    const places = await Promise.all([
      etcdPlace(stage),
      filePlace(stage),
      ...(kills >= ALL_KINDS ? [consulPlace(stage)] : []),
    ]);
    const end = monotonic() + minutes * 60_000;
    const findings = await Promise.all(
      places.map(async (place) => await new Reigns(stage, place, true).play(Math.ceil((kills * 4) / 3), end)),
    );
    return findings.flat();
  },
};

/** One election or lock, and the processes that compete for it. */
class Reigns {
  private readonly candidates: Promise<Candidates>;
  private readonly members: Member[] = [];
  /** Until then no process starts: it would not know of a record that is deleted, which is a documented limit. */
  private noStartBefore = 0;

  constructor(
    private readonly stage: Stage,
    private readonly place: ElectionPlace,
    private readonly lock = false,
  ) {
    const deadline = !stage.without.includes('local-deadline');
    this.candidates = stage
      .folder('looks')
      .then(
        (folder) => new Candidates(folder, { url: '', ttl: place.ttl, deadline, lock }, `job-${place.name}`),
      );
  }

  async play(faults: number, end: number): Promise<readonly Finding[]> {
    const { stage, place } = this;
    const candidates = await this.candidates;
    stage.atEnd(async () => await Promise.all(candidates.running.map((one) => one.kill())));
    for (let n = 0; n < PROCESSES; n++) await this.start();
    await candidates.leader(30_000);
    let done = 0;
    for (; done < faults && monotonic() < end; done++) {
      // The first fault is one that a missing deadline does not survive.
      const leader = done === 0 ? await candidates.leader() : undefined;
      if (leader)
        await this.fault(
          'cut off',
          this.members.find(({ candidate }) => candidate === leader),
        );
      else await this.fault(pickOne(stage.random, this.lock ? FAULTS : [...FAULTS, ...FAULTS_OF_RECORDS]));
    }
    await candidates.leader(60_000);
    const samples = await candidates.samples();
    stage.figures[`faults on ${place.name}`] = done;
    stage.figures[`terms on ${place.name}`] = reigns(samples);
    return oneLeader(samples, this.lock ? 'one run at a time' : undefined).map((finding) => ({
      ...finding,
      who: `${finding.who} on ${place.name}`,
    }));
  }

  private async start(): Promise<void> {
    const { url, proxy } = await this.place.way();
    this.members.push({ candidate: await (await this.candidates).start(1, url), proxy });
  }

  private async fault(name: FaultName, chosen?: Member): Promise<void> {
    const { stage, place } = this;
    const member = chosen ?? (await this.victim());
    const { candidate, proxy } = member;
    const who = `${candidate.name} on ${place.name}`;
    const lasts = between(stage.random, place.ttl * 300, place.ttl * 1_000 * BEYOND_TTL);
    stage.fault(who, name, 'begin');
    switch (name) {
      case 'cut off':
        await this.silence(member, proxy ? place.ttl * 1_000 * BEYOND_TTL : lasts);
        break;
      case 'pause':
        await this.silence({ candidate, proxy: undefined }, lasts);
        break;
      case 'kill':
        if (monotonic() < this.noStartBefore) break;
        this.members.splice(this.members.indexOf(member), 1);
        await candidate.kill();
        await this.start();
        break;
      case 'resign':
        await candidate.resign();
        await sleep(between(stage.random, 0, 500));
        await candidate.campaign();
        break;
      case 'delete':
        await place.remove((await this.candidates).election);
        this.noStartBefore = monotonic() + place.ttl * 2_000;
        break;
      case 'revoke':
        await place.revoke((await this.candidates).election);
        this.noStartBefore = monotonic() + place.ttl * 2_000;
        break;
      case 'disturb':
        await place.disturb?.();
        break;
      case 'wall clock':
        await candidate.moveWall(pickOne(stage.random, [-AN_HOUR_MS, 0, AN_HOUR_MS]));
    }
    stage.fault(who, name, 'end');
    await sleep(between(stage.random, 100, place.ttl * 700));
  }

  /** Cuts a process off from its registry, or pauses it where nothing is in between. */
  private async silence({ candidate, proxy }: Member, lasts: number): Promise<void> {
    if (proxy) proxy.swallow();
    else candidate.pause();
    await sleep(lasts);
    if (proxy) proxy.pass();
    else candidate.resume();
  }

  /** The leader half of the time, else any. */
  private async victim(): Promise<Member> {
    const { stage, members } = this;
    const [leader] = stage.random() < 0.5 ? [] : await (await this.candidates).leaders();
    return members.find(({ candidate }) => candidate === leader) ?? pickOne(stage.random, members);
  }
}
