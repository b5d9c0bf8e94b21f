import { similarName } from './similar-name.js';

const known = ['ttl', 'interval', 'exec', 'watches'];

describe('similarName', () => {
  it.each([
    ['tll', ' Did you mean "ttl"?'],
    ['intervall', ' Did you mean "interval"?'],
    ['watchs', ' Did you mean "watches"?'],
    ['Exec', ' Did you mean "exec"?'],
    ['port', ''],
    ['', ''],
    ['x'.repeat(1_000), ''],
  ])('%s', (name, hint) => {
    expect(similarName(name, known)).toBe(hint);
  });

  it('suggests a name of a registry without its control characters', () => {
    expect(similarName('abcdefgh', ['abcdefg\n'])).toBe(' Did you mean "abcdefg\\u000a"?');
  });
});
