import { similarName } from './similar-name.js';

const known = ['ttl', 'interval', 'exec', 'watches'];

describe('similarName', () => {
  it.each([
    ['tll', ' Is it "ttl"?'],
    ['intervall', ' Is it "interval"?'],
    ['watchs', ' Is it "watches"?'],
    ['Exec', ' Is it "exec"?'],
    ['port', ''],
    ['', ''],
    ['x'.repeat(1_000), ''],
  ])('%s', (name, hint) => {
    expect(similarName(name, known)).toBe(hint);
  });
});
