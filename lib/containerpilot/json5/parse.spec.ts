import { expectLinear } from '../../../test/harness/in-memory/growth.js';
import { type JsonNode } from './node.js';
import { parseJson5 } from './parse.js';
import { Json5Failure } from './scanner.js';

function plain(node: JsonNode): unknown {
  switch (node.kind) {
    case 'null':
      return null;
    case 'array':
      return node.items.map(plain);
    case 'object':
      return new Map([...node.members].map(([name, { value }]) => [name, plain(value)]));
    default:
      return node.value;
  }
}

function value(text: string): unknown {
  return plain(parseJson5(text).root);
}

function failure(text: string): Json5Failure {
  try {
    parseJson5(text);
  } catch (error) {
    if (error instanceof Json5Failure) return error;
    throw error;
  }
  throw new Error(`Expected a failure for ${text}`);
}

describe('parseJson5', () => {
  it.each([
    ['null', null],
    ['true', true],
    ['false', false],
    ['0', 0],
    ['-1.5e3', -1500],
    ['+.5', 0.5],
    ['5.', 5],
    ['0xFF', 255],
    ['-0x10', -16],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity],
    ['NaN', NaN],
    ['"a"', 'a'],
    ["'a\"b'", 'a"b'],
    ['"\\u2603\\x41\\n\\t\\0\\v\\\\\\/\\q"', '☃A\n\t\0\v\\/q'],
    ['"a\\\nb\\\r\nc"', 'abc'],
    ['"\u2028"', '\u2028'],
    ['[]', []],
    ['[1,2,]', [1, 2]],
    ['[[],{}]', [[], new Map()]],
    ['// c\n/* d */ 1 // e', 1],
    ['\ufeff\u00a01', 1],
  ])('%s', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  it('parses quoted and unquoted names', () => {
    expect(value(`{a: 1, "b c": 2, 'd': 3, $e_1: 4, ünï: 5, \\u0066g: 6, null: 7, Infinity: 8,}`)).toEqual(
      new Map(Object.entries({ a: 1, 'b c': 2, d: 3, $e_1: 4, ünï: 5, fg: 6, null: 7, Infinity: 8 })),
    );
  });

  it('accepts a line end in place of a comma, with a remark', () => {
    const { root, remarks } = parseJson5('{\n a: 1\n b: [\n  {}\n  {}\n ] // c\n c: 3\n}');
    expect(plain(root)).toEqual(
      new Map<string, unknown>([
        ['a', 1],
        ['b', [new Map(), new Map()]],
        ['c', 3],
      ]),
    );
    expect(remarks.map(({ offset }) => offset)).toEqual([7, 18, 26]);
  });

  it('requires a comma between items on the same line', () => {
    expect(failure('[1 2]')).toMatchObject({ offset: 3 });
    expect(failure('{a: 1 b: 2}')).toMatchObject({ offset: 6 });
  });

  it('uses the last of two members with the same name, with a remark', () => {
    const { root, remarks } = parseJson5('{a: 1, a: 2}');
    expect(plain(root)).toEqual(new Map([['a', 2]]));
    expect(remarks).toMatchObject([{ offset: 7 }]);
  });

  it('treats __proto__ and constructor as ordinary names', () => {
    expect(value('{"__proto__": {"polluted": 1}, constructor: 2}')).toEqual(
      new Map<string, unknown>([
        ['__proto__', new Map([['polluted', 1]])],
        ['constructor', 2],
      ]),
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('returns the position of each value', () => {
    const { root } = parseJson5(' { a : [ 12 ] } ');
    expect(root).toMatchObject({ start: 1, end: 15 });
    const member = root.kind === 'object' ? root.members.get('a') : undefined;
    expect(member).toMatchObject({ start: 3, value: { start: 7, end: 13, items: [{ start: 9, end: 11 }] } });
  });

  it.each([
    ['', 0],
    ['{', 0],
    ['[1,', 0],
    ['{a}', 2],
    ['{a:}', 3],
    ['{,}', 1],
    ['[,]', 1],
    ['[1,,2]', 3],
    ['{a:1}}', 5],
    ['{a b}', 3],
    ['consul', 0],
    ['{a: consul:8500}', 4],
    ['"abc', 0],
    ['"a\nb"', 0],
    ['"\\u12"', 1],
    ['"\\xg0"', 1],
    ['"\\1"', 1],
    ['012', 1],
    ['1x', 1],
    ['0x', 1],
    ['1e', 1],
    ['+', 0],
    ['/* x', 0],
    ['1 2', 2],
    ['\u0000', 0],
    ['#', 0],
  ])('rejects %s', (text, offset) => {
    expect(failure(text).offset).toBe(offset);
  });

  it('accepts 32 levels of nesting and rejects more', () => {
    for (const [open, inner, close] of [
      ['[', '[1]', ']'],
      ['{a:', '{a:1}', '}'],
    ] as const) {
      expect(value(open.repeat(31) + inner + close.repeat(31))).toBeDefined();
      expect(failure(open.repeat(32) + inner + close.repeat(32)).offset).toBe(32 * open.length);
    }
    expect(failure('[{a:'.repeat(100_000)).message).toContain('at most 32 nested');
  });

  it('takes linear time', () => {
    const count = 50_000;
    expectLinear(() => {
      expect(value(`${'//\n'.repeat(count)}[${'1,'.repeat(count)}]`)).toHaveLength(count);
      expect(failure(`"${'a\\n'.repeat(2 * count)}`).offset).toBe(0);
    });
  });
});
