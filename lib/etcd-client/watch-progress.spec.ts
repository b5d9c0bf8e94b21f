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

describe('WatchTrack', () => {
  it('begins where the server says that now is', () => {
    const track = new WatchProgress(undefined);
    expect(track.start).toBe('0');
    track.began(7n);
    expect(track.start).toBe('8');
  });

  it('resumes behind the last event, whatever a header says', () => {
    const track = new WatchProgress(3n);
    expect(track.start).toBe('4');
    track.began(100n);
    expect(track.start).toBe('4');
    expect(revisions(track.accept(at(5, 9), false))).toEqual([5, 9]);
    expect(track.start).toBe('10');
  });

  it('drops what it has had', () => {
    const track = new WatchProgress(5n);
    expect(revisions(track.accept(at(4, 5, 6), false))).toEqual([6]);
    expect(track.accept(at(6), false)).toEqual([]);
    expect(track.position).toBe(6n);
  });

  it('holds back the pieces of a revision until it is whole', () => {
    const track = new WatchProgress(5n);
    expect(track.accept(at(6, 6), true)).toEqual([]);
    expect(track.start).toBe('6');
    expect(revisions(track.accept(at(6), false))).toEqual([6, 6, 6]);
    expect(track.start).toBe('7');
  });

  it('begins an answer anew whose rest never came', () => {
    const track = new WatchProgress(5n);
    track.accept(at(6, 6), true);
    track.began(9n);
    expect(track.start).toBe('6');
    expect(revisions(track.accept(at(6, 6, 6), false))).toEqual([6, 6, 6]);
  });

  it('keeps apart revisions beyond what a number can', () => {
    const track = new WatchProgress(9_007_199_254_740_992n);
    expect(track.accept([put('9007199254740993')], false)).toHaveLength(1);
    expect(track.start).toBe('9007199254740994');
  });

  describe('taken up again', () => {
    function known(): WatchProgress {
      const track = new WatchProgress(3n);
      track.began(3n);
      track.accept([put(5), put(7, 'last')], false);
      expect(track.start).toBe('8');
      track.onAnotherStream();
      expect(track.start).toBe('7');
      track.began(9n);
      return track;
    }

    it('goes on where its last event comes first once more', () => {
      const track = known();
      expect(track.contradicts([put(7, 'last'), put(8)], false)).toBe(false);
      expect(revisions(track.accept([put(7, 'last'), put(8)], false))).toEqual([8]);
      expect(track.contradicts([], false)).toBe(false);
    });

    it('waits for the rest of a revision before it judges', () => {
      const track = known();
      expect(track.contradicts([put(7, 'of another key')], true)).toBe(false);
      expect(track.contradicts([put(7, 'last')], false)).toBe(false);
    });

    it.each([
      ['another event in its place', [put(7, 'other')]],
      ['a later event', [put(8)]],
      ['a sign of life', []],
    ])('knows another history by %s', (_, events) => {
      expect(known().contradicts(events, false)).toBe(true);
    });

    it('believes what it is told to go on without a proof', () => {
      const track = known();
      track.forgetFingerprint();
      expect(track.start).toBe('8');
      expect(track.contradicts([put(9)], false)).toBe(false);
    });

    it('takes the witness it began with where nothing happened since', () => {
      const { revision, digest } = fingerprintOf(put(2, 'kept').kv, 'Put');
      const track = new WatchProgress(6n, { revision, digest });
      expect(track.start).toBe('7');
      track.onAnotherStream();
      expect(track.start).toBe('2');
      track.began(9n);
      expect(track.contradicts([put(2, 'kept')], false)).toBe(false);
      expect(track.contradicts([put(7)], false)).toBe(false);
    });
  });
});
