import { wirePermission, permissionRange, toPermission } from './permission.js';

function range(prefix: string): [string, string] {
  const { key, range_end } = permissionRange(prefix);
  return [key.toString(), range_end.toString()];
}

describe('permissionRange', () => {
  it.each([
    ['/foo', '/foo', ''],
    ['foo', '/foo', ''],
    ['/foo/', '/foo/', '/foo0'],
    ['/foo/*', '/foo/', '/foo0'],
    ['/foo*', '/foo', '/fop'],
    ['/*', '/', '0'],
    ['*', '/', '0'],
  ])('%s is [%s, %s)', (prefix, key, end) => {
    expect(range(prefix)).toEqual([key, end]);
  });

  it.each([[''], ['/a\0'], [7]])('refuses %j', (prefix) => {
    expect(() => permissionRange(prefix)).toThrow('Expected `');
  });
});

describe('toPermission', () => {
  it.each(['/foo', '/foo/', '/foo*', '/'])('reverses permissionRange for %s', (prefix) => {
    const answer = { permType: 'Readwrite', ...permissionRange(prefix) } as never;
    expect(toPermission(answer)).toEqual({ prefix, type: 'readwrite' });
  });

  it('shows any other range as an interval', () => {
    const answer = { permType: 'Read', key: Buffer.from('a'), range_end: Buffer.from('q') } as never;
    expect(toPermission(answer)).toEqual({ prefix: '[a, q)', type: 'read' });
  });
});

describe('wirePermission', () => {
  it('maps the three types', () => {
    expect(['read', 'write', 'readwrite'].map(wirePermission)).toEqual(['Read', 'Write', 'Readwrite']);
    expect(() => wirePermission('admin')).toThrow('Expected `type` to be "read", "write" or "readwrite"');
    expect(() => wirePermission('constructor')).toThrow();
  });
});
