import { messageOf } from './thrown.js';

describe('messageOf', () => {
  it.each<[string, unknown]>([
    ['broken', new Error('broken')],
    ['broken', 'broken'],
    ['undefined', undefined],
    ['Symbol(broken)', Symbol('broken')],
    ['[object Object]', Object.create(null)],
    [
      '[object Object]',
      {
        toString: () => {
          throw new Error('no string');
        },
      },
    ],
  ])('is %s, whatever was thrown', (message, thrown) => {
    expect(messageOf(thrown)).toBe(message);
  });
});
