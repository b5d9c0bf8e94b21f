import { type KeyChange } from '../recording/event.js';
import { Recorder } from '../recording/recorder.js';
import { WATCH_GUARANTEES, watchFindings } from './watch-guarantees.js';

const put = (revision: number, key: string): KeyChange => ({ key, kind: 'put', revision, value: 'v' });
const del = (revision: number, key: string): KeyChange => ({ key, kind: 'delete', revision });

/** Revision 4 changed two keys at once; 3 and 6 changed keys that are not watched. */
const history = [put(2, 'a'), put(4, 'a'), put(4, 'b'), del(5, 'a'), put(7, 'b')];
const [a2, a4, b4, a5, b7] = history as [KeyChange, KeyChange, KeyChange, KeyChange, KeyChange];

/** Judges what one watch did by each of the six, and names those that are broken. */
function broken(tell: (watch: Watch) => void): string[] {
  const watch = new Watch();
  tell(watch);
  const evidence = { recording: watch.recorder.events, history };
  const names = Object.entries(WATCH_GUARANTEES)
    .filter(([, validate]) => validate(evidence).length > 0)
    .map(([name]) => name);
  expect([...new Set(watchFindings(evidence).map(({ promise }) => promise))].sort()).toEqual(
    [...names].sort(),
  );
  return names;
}

class Watch {
  private time = 0;
  readonly recorder = new Recorder(() => ++this.time);

  open(after: number): this {
    this.recorder.record('watch', { kind: 'watch-open', after });
    return this;
  }

  batch(upTo: number, ...changes: KeyChange[]): this {
    this.recorder.record('watch', { kind: 'watch-batch', changes, upTo });
    return this;
  }

  listing(revision: number, ...entries: KeyChange[]): this {
    this.recorder.record('watch', { kind: 'watch-listing', revision, entries });
    return this;
  }

  reset(): this {
    this.recorder.record('watch', { kind: 'watch-reset', reason: 'compacted' });
    return this;
  }
}

describe('the guarantees of a watch', () => {
  it.each<[string, (watch: Watch) => void]>([
    ['everything in order', (w) => w.open(0).batch(2, a2).batch(4, a4, b4).batch(5, a5).batch(7, b7)],
    ['several revisions in one batch', (w) => w.open(0).batch(7, a2, a4, b4, a5, b7)],
    ['bookmarks between changes', (w) => w.open(2).batch(3).batch(5, a4, b4, a5).batch(6).batch(7, b7)],
    [
      'a reconnection after the last delivery',
      (w) => w.open(0).batch(4, a2, a4, b4).open(4).batch(7, a5, b7),
    ],
    ['a reconnection after a bookmark', (w) => w.open(4).batch(5, a5).batch(6).open(6).batch(7, b7)],
    [
      'a listing instead of compacted history',
      (w) => w.open(0).batch(2, a2).reset().listing(5, b4).batch(7, b7),
    ],
    ['a start from a listing', (w) => w.listing(4, a4, b4).open(4).batch(5, a5)],
    ['less than all: the run ended first', (w) => w.open(0).batch(2, a2)],
  ])('hold for %s', (_, tell) => {
    expect(broken(tell)).toEqual([]);
  });

  it.each<[string, (watch: Watch) => void, string[]]>([
    ['an older change after a newer', (w) => w.open(4).batch(7, b7, a5), ['ordered']],
    ['a change twice in one batch', (w) => w.open(4).batch(5, a5, a5), ['unique']],
    [
      'a change again after a reconnection',
      (w) => w.open(4).batch(5, a5).open(4).batch(7, a5, b7),
      ['unique', 'resumable', 'bookmarkable'],
    ],
    ['a change left out', (w) => w.open(2).batch(4, a4, b4).batch(7, b7), ['reliable', 'bookmarkable']],
    [
      'half of a revision',
      (w) => w.open(2).batch(4, b4).batch(5, a5),
      ['reliable', 'atomic', 'bookmarkable'],
    ],
    ['a revision in two batches', (w) => w.open(2).batch(3, a4).batch(4, b4), ['atomic']],
    [
      'a reconnection that skips what came meanwhile',
      (w) => w.open(0).batch(4, a2, a4, b4).open(5).batch(7, b7),
      ['reliable', 'resumable', 'bookmarkable'],
    ],
    [
      'a reconnection at the right place, with a hole after it',
      (w) => w.open(0).batch(4, a2, a4, b4).open(4).batch(7, b7),
      ['reliable', 'resumable', 'bookmarkable'],
    ],
    ['a bookmark before what it promises', (w) => w.open(4).batch(5).batch(6, a5), ['bookmarkable']],
    ['a bookmark that hides a change for good', (w) => w.open(4).batch(6), ['bookmarkable']],
    ['a mark that goes back', (w) => w.open(4).batch(6, a5).batch(5), ['bookmarkable']],
    [
      'a listing that is followed by older changes',
      (w) => w.listing(5, b4).batch(5, a5),
      ['ordered', 'bookmarkable'],
    ],
  ])('fail for %s', (_, tell, names) => {
    expect(broken(tell).sort()).toEqual([...names].sort());
  });

  it('judge each watch by itself', () => {
    const watch = new Watch().open(0).batch(7, ...history);
    watch.recorder.record('another', { kind: 'watch-open', after: 0 });
    watch.recorder.record('another', { kind: 'watch-batch', changes: [a2, b7], upTo: 7 });
    const findings = watchFindings({ recording: watch.recorder.events, history });
    expect(new Set(findings.map(({ who }) => who))).toEqual(new Set(['another']));
    expect(findings[0]?.text).toContain('revision 4');
  });
});
