import { stepElection } from './election-machine.js';
import { planElection } from './election-plan.js';
import { type ElectionRecord, type Sighting } from './election-record.js';
import {
  type ElectionEvent,
  type ElectionSignal,
  type ElectionState,
  INITIAL_ELECTION,
  leadUntil,
  marginMs,
  phaseOf,
} from './election-state.js';

const TTL_MS = 10_000;
const OWN = 'own-session';

/** Plays events on the machine, at times in milliseconds. */
class Play {
  state: ElectionState = INITIAL_ELECTION;
  readonly signals: ElectionSignal[] = [];

  at(now: number, ...events: readonly ElectionEvent[]): this {
    for (const event of events) {
      const step = stepElection(this.state, event, { now, jitter: 0 });
      this.state = step.state;
      this.signals.push(...step.signals);
    }
    return this;
  }

  plan(now: number) {
    return planElection(this.state, now);
  }

  get kinds(): string[] {
    return this.signals.map((signal) => ('reason' in signal ? signal.reason : signal.kind));
  }
}

const session = (ackedAt = 0, id = OWN): ElectionEvent => ({ kind: 'session', id, ttlMs: TTL_MS, ackedAt });
const begun = { name: 'own:1', since: '2026-01-01T00:00:00.000Z' };
const write = (beat: number, sentAt: number) => ({ beat, sentAt, ttlMs: TTL_MS });

function record(fields: Partial<ElectionRecord> = {}): ElectionRecord {
  return { holder: 'h', ttlMs: TTL_MS, beat: 1, meta: {}, since: '', released: false, ...fields };
}

function sighting(version: string, fields: Partial<Sighting> = {}): Sighting {
  return { version, owner: 'other', term: '5', record: record(), ...fields };
}

const seen = (content: Sighting | undefined, certain = true): ElectionEvent => ({
  kind: 'seen',
  sighting: content,
  certain,
});

/** A leader of term 7, whose record was created at 0. */
function leader(): Play {
  return new Play().at(0, { kind: 'campaign' }, session(), seen(undefined), {
    kind: 'created',
    version: 'v1',
    term: '7',
    ...begun,
    write: write(1, 0),
  });
}

/** A candidate that has seen the record of another session at 0. */
function follower(): Play {
  return new Play().at(0, { kind: 'campaign' }, session(), seen(sighting('v1')));
}

describe('the machine of an election', () => {
  it('creates the record of an empty key, and leads with the acknowledgement', () => {
    const play = new Play().at(0, { kind: 'campaign' });
    expect(play.plan(0)).toEqual({ kind: 'wait', until: Infinity });
    play.at(0, session(), seen(undefined));
    expect(play.plan(0)).toEqual({ kind: 'create' });
    expect(phaseOf(play.state)).toBe('candidate');
    play.at(20, { kind: 'created', version: 'v1', term: '7', ...begun, write: write(1, 0) });
    expect(play.signals).toEqual([{ kind: 'elected', term: '7' }]);
    expect(play.state.leader).toEqual({ id: OWN, term: '7', ...begun, meta: {} });
    expect(phaseOf(play.state)).toBe('leader');
  });

  it('leads until the TTL minus the margin after the older of both acknowledgements', () => {
    expect(marginMs(2_000)).toBe(500);
    expect(marginMs(TTL_MS)).toBe(1_000);
    const play = leader();
    expect(leadUntil(play.state)).toBe(9_000);
    play.at(3_000, { kind: 'written', version: 'v2', write: write(2, 3_000) });
    expect(leadUntil(play.state)).toBe(9_000);
    play.at(3_300, { kind: 'renewed', ttlMs: TTL_MS, ackedAt: 3_300 });
    expect(leadUntil(play.state)).toBe(12_000);
    play.at(11_999, { kind: 'tick' });
    expect(play.kinds).toEqual(['elected']);
    play.at(12_000, { kind: 'tick' });
    expect(play.kinds).toEqual(['elected', 'expired']);
  });

  it('rewrites the record three times in a TTL', () => {
    const play = leader();
    expect(play.plan(2_999)).toEqual({ kind: 'wait', until: 3_000 });
    expect(play.plan(3_000)).toEqual({ kind: 'rewrite', version: 'v1', beat: 2 });
  });

  it('leads again in the same term when the record is still its own', () => {
    const play = leader().at(9_000, { kind: 'tick' }).at(20_000, session(20_000));
    expect(phaseOf(play.state)).toBe('candidate');
    expect(play.plan(20_000)).toEqual({ kind: 'rewrite', version: 'v1', beat: 2 });
    play.at(20_050, { kind: 'written', version: 'v2', write: write(2, 20_010) });
    expect(play.signals.at(-1)).toEqual({ kind: 'elected', term: '7' });
  });

  it('is deposed by the answer to a guarded write alone, which a strange sight brings forward', () => {
    const play = leader().at(1_000, seen(sighting('v9', { term: '8' })));
    expect(play.kinds).toEqual(['elected']);
    expect(play.plan(1_000)).toMatchObject({ kind: 'rewrite' });
    play.at(1_010, { kind: 'conflict', sighting: sighting('v9', { term: '8' }) });
    expect(play.kinds).toEqual(['elected', 'record-lost']);
    expect(play.state.leader).toMatchObject({ id: 'other', term: '8' });
  });

  it('continues from a write of unknown outcome that has landed, without counting the later one', () => {
    const play = leader().at(3_500, { kind: 'unanswered', write: write(2, 3_000), retryAfterMs: 100 });
    expect(play.plan(3_600)).toEqual({ kind: 'rewrite', version: 'v1', beat: 3 });
    const landed = sighting('v2', { owner: OWN, term: '7', record: record({ beat: 2 }) });
    play.at(3_700, { kind: 'conflict', sighting: landed });
    expect(play.state.own).toMatchObject({ version: 'v2', ackedAt: 3_000 });
    expect(play.plan(3_700)).toEqual({ kind: 'rewrite', version: 'v2', beat: 3 });
  });

  it('reads the key after a creation of unknown outcome, and adopts the record', () => {
    const play = new Play().at(0, { kind: 'campaign' }, session(), seen(undefined), {
      kind: 'unanswered',
      write: write(1, 0),
      retryAfterMs: 50,
    });
    expect(play.plan(50)).toEqual({ kind: 'read' });
    play.at(60, { kind: 'read', sighting: sighting('v1', { owner: OWN, term: '7' }) });
    expect(play.kinds).toEqual(['elected']);
    expect(leadUntil(play.state)).toBe(9_000);
  });

  it('releases a record that lands after the candidate has resigned', () => {
    const play = new Play()
      .at(0, { kind: 'campaign' }, session(), seen(undefined), { kind: 'resign' })
      .at(500, seen(sighting('v1', { owner: OWN, term: '7' })));
    expect(play.kinds).toEqual([]);
    expect(play.plan(500)).toEqual({ kind: 'release', version: 'v1', beat: 2 });
  });

  it('contests a record when its TTL has passed since the last sign of life', () => {
    const play = follower().at(3_000, seen(sighting('v2')));
    expect(phaseOf(play.state)).toBe('follower');
    expect(play.plan(12_999)).toEqual({ kind: 'wait', until: 13_000 });
    expect(play.plan(13_000)).toEqual({ kind: 'discard', version: 'v2' });
    play.at(13_010, { kind: 'discarded' });
    expect(play.plan(13_010)).toEqual({ kind: 'create' });
  });

  it('contests a released record at once', () => {
    const play = follower().at(3_000, seen(sighting('v2', { record: record({ released: true }) })));
    expect(play.plan(3_000)).toEqual({ kind: 'discard', version: 'v2' });
    expect(play.state.leader).toBeUndefined();
    play.at(3_001, seen(undefined));
    expect(play.plan(3_001)).toEqual({ kind: 'create' });
  });

  it('waits for the TTL after any other end, and longer where a sign of life may have been missed', () => {
    expect(follower().at(3_000, seen(undefined)).plan(3_000)).toEqual({ kind: 'wait', until: 10_000 });
    expect(follower().at(3_000, seen(undefined, false)).plan(3_000)).toEqual({ kind: 'wait', until: 13_000 });
  });

  it('removes a record that no session keeps, after one TTL', () => {
    const foreign = sighting('v1', { owner: undefined, record: undefined });
    const play = new Play().at(0, { kind: 'campaign' }, session(), seen(foreign));
    expect(play.state.leader).toBeUndefined();
    expect(play.plan(9_999)).toEqual({ kind: 'wait', until: 10_000 });
    expect(play.plan(10_000)).toEqual({ kind: 'discard', version: 'v1' });
  });

  it('creates again what was created over an unreadable value', () => {
    const play = new Play().at(0, { kind: 'campaign' }, session(), seen(undefined), {
      kind: 'created',
      version: 'v2',
      term: undefined,
      ...begun,
      write: write(1, 0),
    });
    expect(play.kinds).toEqual([]);
    expect(play.plan(0)).toEqual({ kind: 'discard', version: 'v2' });
  });

  it('leaves the record to its holder after an outage', () => {
    const play = follower().at(30_000, session(30_000));
    expect(play.plan(30_000)).toEqual({ kind: 'wait', until: 35_000 });
  });

  it('releases when the jobs have ended', () => {
    const play = leader().at(1_000, { kind: 'busy', busy: true }, { kind: 'resign' });
    expect(play.kinds).toEqual(['elected', 'resigned']);
    expect(play.plan(1_000)).toMatchObject({ kind: 'rewrite' });
    play.at(2_000, { kind: 'busy', busy: false });
    expect(play.plan(2_000)).toEqual({ kind: 'release', version: 'v1', beat: 2 });
    const released = sighting('v2', { owner: OWN, term: '7', record: record({ released: true }) });
    play.at(2_010, { kind: 'released', sighting: released });
    expect(play.plan(2_010)).toEqual({ kind: 'wait', until: Infinity });
    expect(phaseOf(play.state)).toBe('resigned');
  });

  it('loses everything with its session', () => {
    const play = leader().at(1_000, { kind: 'session-gone' });
    expect(play.kinds).toEqual(['elected', 'session-gone']);
    expect(play.plan(1_000)).toEqual({ kind: 'wait', until: Infinity });
  });

  it('campaigns no more after a shutdown', () => {
    const play = leader().at(1_000, { kind: 'shutdown' }, { kind: 'campaign' });
    expect(play.kinds).toEqual(['elected', 'shutdown']);
    expect(phaseOf(play.state)).toBe('closed');
  });

  it('reports a term that went back', () => {
    const play = new Play().at(0, { kind: 'campaign' }, session(), seen(sighting('v1', { term: '90' })));
    play.at(
      10_500,
      { kind: 'discarded' },
      { kind: 'created', version: 'v2', term: '7', ...begun, write: write(1, 10_500) },
    );
    expect(play.signals).toContainEqual({ kind: 'term-went-back', term: '7', highest: '90' });
  });

  it('reports each leader once', () => {
    const play = follower()
      .at(3_000, seen(sighting('v2')))
      .at(4_000, seen(sighting('v3', { term: '6' })));
    expect(play.kinds).toEqual(['leader', 'leader']);
    play.at(5_000, seen(undefined));
    expect(play.kinds).toEqual(['leader', 'leader', 'leader']);
    expect(play.state.leader).toBeUndefined();
  });
});
