import { type IEvent } from 'etcd3';
import { WatchTrack } from './watch-track.js';

function at(...revisions: number[]): IEvent[] {
  return revisions.map((revision) => ({ kv: { mod_revision: String(revision) } }) as unknown as IEvent);
}

function revisions(events: readonly IEvent[]): number[] {
  return events.map(({ kv }) => Number(kv.mod_revision));
}

describe('WatchTrack', () => {
  it('begins where the server says that now is', () => {
    const track = new WatchTrack(undefined);
    expect(track.start).toBe('0');
    track.began(7n);
    expect(track.start).toBe('8');
  });

  it('resumes behind the last event, whatever a header says', () => {
    const track = new WatchTrack(3n);
    expect(track.start).toBe('4');
    track.began(100n);
    expect(track.start).toBe('4');
    expect(revisions(track.accept(at(5, 9), false))).toEqual([5, 9]);
    expect(track.start).toBe('10');
  });

  it('drops what it has had', () => {
    const track = new WatchTrack(5n);
    expect(revisions(track.accept(at(4, 5, 6), false))).toEqual([6]);
    expect(track.accept(at(6), false)).toEqual([]);
    expect(track.position).toBe(6n);
  });

  it('holds back the pieces of a revision until it is whole', () => {
    const track = new WatchTrack(5n);
    expect(track.accept(at(6, 6), true)).toEqual([]);
    expect(track.start).toBe('6');
    expect(revisions(track.accept(at(6), false))).toEqual([6, 6, 6]);
    expect(track.start).toBe('7');
  });

  it('begins an answer anew whose rest never came', () => {
    const track = new WatchTrack(5n);
    track.accept(at(6, 6), true);
    track.began(9n);
    expect(track.start).toBe('6');
    expect(revisions(track.accept(at(6, 6, 6), false))).toEqual([6, 6, 6]);
  });

  it('keeps apart revisions beyond what a number can', () => {
    const track = new WatchTrack(9_007_199_254_740_992n);
    const next = [{ kv: { mod_revision: '9007199254740993' } }] as unknown as IEvent[];
    expect(track.accept(next, false)).toHaveLength(1);
    expect(track.start).toBe('9007199254740994');
  });
});
