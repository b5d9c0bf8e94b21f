import { tableLines } from './live-table.js';
import { alignRows, cutToWidth, tabbed } from './rows.js';

describe('rows', () => {
  it('are aligned by the cells that characters take, and escaped', () => {
    expect(
      alignRows([
        ['NAME', 'X'],
        ['世界', 'b'],
        ['a\u001b', 'c'],
      ]),
    ).toEqual(['NAME     X', '世界     b', 'a\\u001b  c']);
    expect(tabbed(['a\tb', 'c', ''])).toBe('a\\u0009b\tc');
  });

  it.each([
    [40, 'short', 'short'],
    [4, 'short', 'sho…'],
    [4, '世界世', '世…'],
    [0, 'a terminal without a size', 'a terminal without a size'],
  ])('are cut to %d cells', (columns, line, cut) => {
    expect(cutToWidth(line, columns)).toBe(cut);
  });
});

describe('tableLines', () => {
  const content = { title: 'title', header: ['A'], rows: Array.from({ length: 100 }, (_, i) => [`r${i}`]) };

  it.each([24, 6, 5])('fit into %d rows', (rows) => {
    const lines = tableLines(content, { columns: 40, rows });
    expect(lines).toHaveLength(rows);
    expect(lines.at(-1)).toBe(`… ${100 - (rows - 4)} more`);
  });

  it('use 24 rows where the terminal reports none', () => {
    expect(tableLines(content, { columns: 0, rows: 0 })).toHaveLength(24);
  });
});
