import { findWords } from '../../scripts/words/find.mjs';

describe('the word check', () => {
  it.each([
    ['Whoever finds it gone.', 'Whoever'],
    ['Expected a list of texts.', 'a list of texts'],
    ['must be a whole number', 'whole number'],
    ['It goes on in the background.', 'goes on '],
    ['as the seed does', 'the seed'],
    ['lets go of the socket', 'lets go of'],
  ])('finds %p', (text, word) => {
    expect(findWords(`fine\n${text}`)).toMatchObject([{ line: 2, word }]);
  });

  it.each(['An integer.', 'The retry continues.', 'a textual value', 'the caller releases it'])(
    'leaves %p alone',
    (text) => {
      expect(findWords(text)).toEqual([]);
    },
  );
});
