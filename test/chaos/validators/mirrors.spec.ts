import { type PortChange } from '../recording/event.js';
import { Recorder } from '../recording/recorder.js';
import { mirrors } from './mirrors.js';
import { statesOf } from './store-states.js';

/** Revision 4 changes two at once; 6 is another client's. */
const states = statesOf(
  [
    { key: 's/a', kind: 'put', revision: 2, value: '1' },
    { key: 's/a', kind: 'put', revision: 4, value: '2' },
    { key: 's/b', kind: 'put', revision: 4, value: '2' },
    { key: 's/a', kind: 'delete', revision: 5 },
    { key: 's/b', kind: 'put', revision: 7, value: '3' },
  ],
  's/',
  (value) => value,
);

const put = (id: string, version: number, value: string): PortChange => ({ id, put: { version, value } });
const del = (id: string): PortChange => ({ id });
const [a2, a4, b4, a5, b7] = [
  put('a', 2, '1'),
  put('a', 4, '2'),
  put('b', 4, '2'),
  del('a'),
  put('b', 7, '3'),
];

class Recorded {
  private time = 0;
  readonly recorder = new Recorder(() => ++this.time);

  listing(revision: number, ...entries: PortChange[]): this {
    this.recorder.record('mirror', { kind: 'mirror-listing', revision, entries });
    return this;
  }

  open(after: number): this {
    this.recorder.record('mirror', { kind: 'mirror-open', after });
    return this;
  }

  changes(upTo: number, ...changes: PortChange[]): this {
    this.recorder.record('mirror', { kind: 'mirror-changes', changes, upTo });
    return this;
  }
}

const recorded = (): Recorded => new Recorded();
const judge = ({ recorder }: Recorded): string[] =>
  mirrors(recorder.events, states).map(({ promise }) => promise);

describe('a true mirror', () => {
  it.each<[string, Recorded]>([
    ['every change', recorded().listing(0).changes(2, a2).changes(4, a4, b4).changes(5, a5).changes(7, b7)],
    ['changes put together', recorded().listing(0).changes(7, a2, a4, b4, a5, b7)],
    ['signs of life', recorded().listing(2, a2).changes(3).changes(4, a4, b4).changes(6, a5).changes(6)],
    ['a resume', recorded().listing(2, a2).changes(4, a4, b4).open(4).changes(5, a5).open(5).changes(7, b7)],
    ['a list after a compaction', recorded().listing(2, a2).listing(5, b4).changes(7, b7)],
  ])('holds for %s', (_, log) => {
    expect(judge(log)).toEqual([]);
  });

  it.each<[string, Recorded]>([
    ['a change that is missing', recorded().listing(2, a2).changes(5, a5)],
    ['half of a revision', recorded().listing(2, a2).changes(4, a4)],
    [
      'a change that comes twice after a resume',
      recorded().listing(2, a2).changes(4, a4, b4).open(4).changes(5, b4, a5),
    ],
    ['a delete that comes twice', recorded().listing(4, a4, b4).changes(5, a5).changes(5, a5)],
    ['changes out of order', recorded().listing(0).changes(4, a4, b4, a2)],
    ['a change from the future', recorded().listing(5, b4).changes(5, b7)],
    [
      'a value that was not written',
      recorded()
        .listing(5, b4)
        .changes(7, put('b', 7, '9')),
    ],
    ['a cursor that goes back', recorded().listing(2, a2).changes(4, a4, b4).changes(3)],
    ['a resume from elsewhere', recorded().listing(2, a2).changes(4, a4, b4).open(2)],
    ['a list that is none of the store', recorded().listing(5, a4, b4)],
    ['a list from before', recorded().listing(5, b4).listing(2, a2)],
    ['a cursor that hides a change', recorded().listing(2, a2).changes(4)],
  ])('fails for %s', (_, log) => {
    expect(judge(log)).toContain('a true mirror');
  });
});
