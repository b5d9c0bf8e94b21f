import { type IEvent } from 'etcd3';
import { WatchProgress } from './watch-progress.js';
import { fingerprintOf } from './event-fingerprint.js';

function put(revision: number | string, value = 'v'): IEvent {
  const kv = { key: Buffer.from('k'), value: Buffer.from(value), lease: '0', mod_revision: String(revision) };
  return { type: 'Put', kv } as unknown as IEvent;
}

function at(...revisions: number[]): IEvent[] {
  return revisions.map((revision) => put(revision));
}

function revisions(events: readonly IEvent[]): number[] {
  return events.map(({ kv }) => Number(kv.mod_revision));
}

describe('WatchProgress', () => {
  it('starts at the current revision of the server', () => {
    const progress = new WatchProgress(undefined);
    expect(progress.start).toBe('0');
    progress.began(7n);
    expect(progress.start).toBe('8');
  });

  it('resumes after the last event, not after the revision of a header', () => {
    const progress = new WatchProgress(3n);
    expect(progress.start).toBe('4');
    progress.began(100n);
    expect(progress.start).toBe('4');
    expect(revisions(progress.accept(at(5, 9), false))).toEqual([5, 9]);
    expect(progress.start).toBe('10');
  });

  it('drops known events', () => {
    const progress = new WatchProgress(5n);
    expect(revisions(progress.accept(at(4, 5, 6), false))).toEqual([6]);
    expect(progress.accept(at(6), false)).toEqual([]);
    expect(progress.position).toBe(6n);
  });

  it('delivers the fragments of a revision once it is complete', () => {
    const progress = new WatchProgress(5n);
    expect(progress.accept(at(6, 6), true)).toEqual([]);
    expect(progress.start).toBe('6');
    expect(revisions(progress.accept(at(6), false))).toEqual([6, 6, 6]);
    expect(progress.start).toBe('7');
  });

  it('drops the fragments of an incomplete response after a reconnection', () => {
    const progress = new WatchProgress(5n);
    progress.accept(at(6, 6), true);
    progress.began(9n);
    expect(progress.start).toBe('6');
    expect(revisions(progress.accept(at(6, 6, 6), false))).toEqual([6, 6, 6]);
  });

  it('distinguishes revisions beyond Number.MAX_SAFE_INTEGER', () => {
    const progress = new WatchProgress(9_007_199_254_740_992n);
    expect(progress.accept([put('9007199254740993')], false)).toHaveLength(1);
    expect(progress.start).toBe('9007199254740994');
  });

  it('does not need its last event any more after releaseEvent', () => {
    const event = put(5, 'value');
    const progress = new WatchProgress(3n);
    progress.accept([event], false);
    progress.releaseEvent();
    event.kv.value.fill(0);
    expect(progress.fingerprint?.digest).toBe(fingerprintOf(put(5, 'value').kv, 'Put').digest);
  });

  describe('after a reconnection', () => {
    function known(): WatchProgress {
      const progress = new WatchProgress(3n);
      progress.began(3n);
      progress.accept([put(5), put(7, 'last')], false);
      expect(progress.start).toBe('8');
      progress.onAnotherStream();
      expect(progress.start).toBe('7');
      progress.began(9n);
      return progress;
    }

    it('continues when its last event is repeated first', () => {
      const progress = known();
      expect(progress.contradicts([put(7, 'last'), put(8)], false)).toBe(false);
      expect(revisions(progress.accept([put(7, 'last'), put(8)], false))).toEqual([8]);
      expect(progress.contradicts([], false)).toBe(false);
    });

    it('waits for all fragments of a revision before it reports a contradiction', () => {
      const progress = known();
      expect(progress.contradicts([put(7, 'of another key')], true)).toBe(false);
      expect(progress.contradicts([put(7, 'last')], false)).toBe(false);
    });

    it.each([
      ['another event in its place', [put(7, 'other')]],
      ['a later event', [put(8)]],
      ['a sign of life', []],
    ])('knows another history by %s', (_, events) => {
      expect(known().contradicts(events, false)).toBe(true);
    });

    it('continues unverified after forgetFingerprint', () => {
      const progress = known();
      progress.forgetFingerprint();
      expect(progress.start).toBe('8');
      expect(progress.contradicts([put(9)], false)).toBe(false);
    });

    it('compares with the initial fingerprint when no event has arrived since', () => {
      const { revision, digest } = fingerprintOf(put(2, 'kept').kv, 'Put');
      const progress = new WatchProgress(6n, { revision, digest });
      expect(progress.start).toBe('7');
      progress.onAnotherStream();
      expect(progress.start).toBe('2');
      progress.began(9n);
      expect(progress.contradicts([put(2, 'kept')], false)).toBe(false);
      expect(progress.contradicts([put(7)], false)).toBe(false);
    });
  });
});
