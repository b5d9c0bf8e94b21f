import { parseArguments } from './arguments.js';
import { type Syntax } from './syntax.js';

const SYNTAX: Syntax = {
  name: 'program',
  summary: '',
  operands: ['[X…]'],
  maxOperands: 2,
  about: [],
  options: {
    val: { value: 'VALUE', about: '' },
    key: { value: 'KEY', about: '', short: 'k' },
    header: { value: 'LINE', about: '', repeated: true },
    verbose: { about: '' },
  },
  dashes: '--',
  examples: [],
};
const RUNS: Syntax = { ...SYNTAX, command: true, maxOperands: 0 };

describe('parseArguments', () => {
  it.each([
    ['one dash', ['-val', 'x']],
    ['two dashes', ['--val', 'x']],
    ['one dash and =', ['-val=x']],
    ['two dashes and =', ['--val=x']],
    ['the last of several', ['-val', 'y', '--val=x']],
  ])('accepts %s', (_name, args) => {
    expect(parseArguments(SYNTAX, args).text('val')).toBe('x');
  });

  it.each(['-50', '-', '', '=', '--', '-val', '-k=v'].filter((value) => value !== '--'))(
    'takes %p as a value',
    (value) => {
      expect(parseArguments(SYNTAX, ['-val', value]).text('val')).toBe(value);
      expect(parseArguments(SYNTAX, [`-val=${value}`]).text('val')).toBe(value);
    },
  );

  it('accepts short names, repeated options, switches, and operands in between', () => {
    const args = parseArguments(SYNTAX, [
      'a',
      '-k',
      'v',
      '--header',
      'x: 1',
      '-verbose',
      '-header=y: 2',
      'b',
    ]);
    expect(args.operands).toEqual(['a', 'b']);
    expect([args.text('key'), args.has('verbose'), args.all('header')]).toEqual([
      'v',
      true,
      ['x: 1', 'y: 2'],
    ]);
  });

  it('takes the words after the first -- unchanged: as operands, or as the command', () => {
    expect(parseArguments(SYNTAX, ['--', '-verbose', '-x']).operands).toEqual(['-verbose', '-x']);
    const args = parseArguments(RUNS, ['-k', 'v', '--', 'grep', '-rn', 'x', '--', '-k=w']);
    expect(args.command).toEqual(['grep', '-rn', 'x', '--', '-k=w']);
    expect(args.text('key')).toBe('v');
    expect(parseArguments(RUNS, ['-k', 'v']).command).toBeUndefined();
  });

  it.each<[string, string[], RegExp]>([
    ['an unknown option', ['--verbos'], /got "--verbos"\. Did you mean "verbose"\?/],
    ['a missing value', ['a', '-val'], /`val` to be followed by VALUE/],
    ['a value for a switch', ['-verbose=yes'], /`verbose` without a value, got "-verbose=yes"/],
    ['too many operands', ['a', 'b', 'c'], /at most 2 arguments, got "c" too/],
    ['control characters', ['-\u001b[2J'], /got "-\\u001b\[2J"/],
    ['a prototype name', ['--__proto__'], /got "--__proto__"/],
  ])('refuses %s', (_name, args, sentence) => {
    expect(() => parseArguments(SYNTAX, args)).toThrow(sentence);
  });
});
