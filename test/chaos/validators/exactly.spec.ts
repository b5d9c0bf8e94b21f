import { exactly } from './exactly.js';

describe('a count', () => {
  it('holds within its bounds', () => {
    expect([...exactly('p', 'w', 3, 3, 3), ...exactly('p', 'w', 4, 3, 5)]).toEqual([]);
  });

  it('fails below and above', () => {
    expect(exactly('p', 'w', 2, 3, 3)[0]?.text).toBe('Expected 3 for w, counted 2.');
    expect(exactly('p', 'w', 6, 3, 5)[0]?.text).toBe('Expected 3 to 5 for w, counted 6.');
  });
});
