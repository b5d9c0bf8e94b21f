import { RowStore } from './row-store.js';
import { type JournalRow, type Row } from './rows.js';

const line = (text: string): JournalRow => ({
  kind: 'journal',
  at: 0,
  topic: 'change',
  level: 'info',
  subject: 'web',
  text,
});
const rows = (entries: Record<string, string>): Map<string, Row> =>
  new Map(Object.entries(entries).map(([key, text]) => [key, line(text)]));

describe('RowStore', () => {
  it('gives a new reader all rows', () => {
    const store = new RowStore();
    store.replace(rows({ a: '1', b: '1' }));
    expect(store.since(0)).toEqual({
      version: 1,
      complete: true,
      rows: { a: line('1'), b: line('1') },
      removed: [],
    });
  });

  it('gives a reader what has changed since its version, and nothing when nothing has', () => {
    const store = new RowStore();
    store.replace(rows({ a: '1', b: '1', c: '1' }));
    expect(store.replace(rows({ a: '1', b: '2' }))).toBe(true);
    expect(store.since(1)).toEqual({ version: 2, complete: false, rows: { b: line('2') }, removed: ['c'] });
    expect(store.replace(rows({ a: '1', b: '2' }))).toBe(false);
    expect(store.since(2)).toBeUndefined();
  });

  it('does not remove a row that is back', () => {
    const store = new RowStore();
    store.replace(rows({ a: '1' }));
    store.replace(rows({ b: '1' }));
    store.replace(rows({ a: '2', b: '1' }));
    expect(store.since(1)).toMatchObject({ rows: { a: line('2'), b: line('1') }, removed: [] });
  });

  it('gives all rows to a reader that has missed more removals than are remembered', () => {
    const store = new RowStore();
    const many = Object.fromEntries(Array.from({ length: 2_500 }, (_, index) => [`row-${index}`, '1']));
    store.replace(rows({ a: '1', ...many }));
    store.replace(rows({ a: '1' }));
    store.replace(rows({ a: '2' }));
    expect(store.since(1)).toEqual({ version: 3, complete: true, rows: { a: line('2') }, removed: [] });
    expect(store.since(2)).toMatchObject({ complete: false, rows: { a: line('2') } });
  });
});
