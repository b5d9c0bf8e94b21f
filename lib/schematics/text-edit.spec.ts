import { applyEdits, changedLines } from './text-edit.js';

describe('text edits', () => {
  it('replaces and inserts by the positions of the original text', () => {
    const edits = [
      { start: 6, end: 6, text: 'x' },
      { start: 0, end: 3, text: 'A' },
      { start: 6, end: 6, text: 'y' },
    ];
    expect(applyEdits('abcdefgh', edits)).toBe('Adefxygh');
  });

  it.each([
    ['', 'a\nb\n', ['+ a', '+ b']],
    ['a\nb\nc\n', 'a\nc\n', ['- b']],
    ['a\nb\nc\n', 'a\nx\ny\nc\n', ['- b', '+ x', '+ y']],
    ['a\n', 'a\n', []],
  ])('lists the lines that differ between %j and %j', (before, after, lines) => {
    expect(changedLines(before, after)).toEqual(lines);
  });
});
