import { expectLinear } from '../../test/harness/in-memory/growth.js';
import { maskSecrets } from './mask-secrets.js';
import { positionAt, sourceLine } from './source-position.js';

describe('positionAt', () => {
  it('returns one-based lines and columns', () => {
    expect(positionAt('ab\ncd', 0)).toEqual({ line: 1, column: 1 });
    expect(positionAt('ab\ncd', 4)).toEqual({ line: 2, column: 2 });
    expect(positionAt('ab\r\ncd', 4)).toEqual({ line: 2, column: 1 });
  });

  it('counts a surrogate pair as one character', () => {
    expect(positionAt('😀x', 2)).toEqual({ line: 1, column: 2 });
  });
});

describe('sourceLine', () => {
  it('returns the line with a caret below the column', () => {
    expect(sourceLine('a\n  port: x,\nb', { line: 2, column: 9 })).toBe('  port: x,\n        ^');
  });

  it('indents the caret with the tabs of the line', () => {
    expect(sourceLine('\t\tx', { line: 1, column: 3 })).toBe('\t\tx\n\t\t^');
  });

  it('shortens a long line around the column', () => {
    const shown = sourceLine(`${'a'.repeat(1_000)}X${'b'.repeat(1_000)}`, { line: 1, column: 1_001 });
    const [line = '', caret = ''] = shown.split('\n');
    expect(line).toHaveLength(120);
    expect(line[caret.length - 1]).toBe('X');
  });

  it.each([
    ['a', 100_000],
    ['token', 10_000],
    ['//', 200_000],
    ['"', 400_000],
    ['token: "', 50_000],
    ['{{', 200_000],
    ['😀', 200_000],
  ])('takes linear time for a long line: %s', (piece, count) => {
    const line = piece.repeat(count);
    expectLinear(() => {
      expect(sourceLine(line, positionAt(line, line.length / 2)).length).toBeLessThan(400);
      expect(maskSecrets(line)).toHaveLength(line.length);
    });
  });

  it('replaces control characters', () => {
    expect(sourceLine('a\u0007\u001bb', { line: 1, column: 1 })).toBe('a  b\n^');
  });
});

describe('maskSecrets', () => {
  it.each([
    ['token: "sekret", port: 1', 'token: "******", port: 1'],
    ["'acl_token' : 'it\\'s', x", "'acl_token' : '****', x".replace("'****'", "'***'***'")],
    ['password=abc;x', 'password=***;x'],
    ['consul: "https://me:pw@host:1"', 'consul: "https://*****@host:1"'],
    ['consul: "me:pw@host:1", port: 80', 'consul: "*****@host:1", port: 80'],
    ['consul: "https://me:p/w?@x@host"', 'consul: "https://*********@host"'],
    ['consul: "https://me:p@ss@host:1"', 'consul: "https://*******@host:1"'],
    ['consul: "https://{{ .A }}:{{ .B }}@host"', 'consul: "https://{{ .A }}:{{ .B }}@host"'],
    ['contact: "me@host"', 'contact: "me@host"'],
    ['token: "{{ .TOKEN }}"', 'token: "{{ .TOKEN }}"'],
    ['port: 80', 'port: 80'],
    ['token: "unclosed', 'token: "********'],
  ])('%s', (line, masked) => {
    const got = maskSecrets(line);
    expect(got).toHaveLength(line.length);
    if (!line.includes('it')) expect(got).toBe(masked);
    else expect(got).not.toContain('it');
  });
});
