import type { IKeyValue } from 'etcd3';
import { KeyPath } from './key-path.js';
import { buildTree, type TreeOptions } from './tree.js';

function kv(key: string, created = 1, modified = created, lease = '0'): IKeyValue {
  return {
    key: Buffer.from(key),
    value: Buffer.from(`value of ${key}`),
    create_revision: String(created),
    mod_revision: String(modified),
    version: '1',
    lease,
  };
}

const flat: TreeOptions = { recursive: false, sort: false, lifetime: () => ({}) };
const deep: TreeOptions = { ...flat, recursive: true };

function keys(path: string, list: readonly IKeyValue[], options = flat): unknown[] {
  return (buildTree(KeyPath.of(path), list, options).nodes ?? []).map(({ key }) => key);
}

describe('buildTree', () => {
  const list = ['/a/', '/a/b-c', '/a/b/', '/a/b/x', '/a/b/y/z', '/a/d'].map((key, order) =>
    kv(key, order + 1),
  );

  it('lists the nodes of a directory without their children', () => {
    const node = buildTree(KeyPath.of('/a'), list, flat);
    expect(node).toMatchObject({ key: '/a', dir: true, createdIndex: 1 });
    expect(node.nodes).toEqual([
      { key: '/a/b-c', dir: false, value: 'value of /a/b-c', createdIndex: 2, modifiedIndex: 2 },
      { key: '/a/b', dir: true, createdIndex: 3, modifiedIndex: 3 },
      { key: '/a/d', dir: false, value: 'value of /a/d', createdIndex: 6, modifiedIndex: 6 },
    ]);
  });

  it('builds the whole tree', () => {
    const node = buildTree(KeyPath.of('/a'), list, deep);
    const b = node.nodes?.find(({ key }) => key === '/a/b');
    expect(b?.nodes?.map(({ key }) => key)).toEqual(['/a/b/x', '/a/b/y']);
    expect(b?.nodes?.[1]?.nodes?.[0]).toMatchObject({ key: '/a/b/y/z', dir: false });
  });

  it('sorts by the bytes of the keys with `sort`', () => {
    expect(keys('/a', list, { ...flat, sort: true })).toEqual(['/a/b', '/a/b-c', '/a/d']);
    const odd = ['/a/\uffee', '/a/\u{1f600}'].map((key) => kv(key));
    expect(keys('/a', odd.toReversed(), { ...flat, sort: true })).toEqual(['/a/\uffee', '/a/\u{1f600}']);
  });

  it('hides names with a leading underscore, and the keys below them', () => {
    const hidden = ['/a/_x', '/a/_d/y', '/a/z/_w', '/a/z/v'].map((key) => kv(key));
    expect(keys('/a', hidden, deep)).toEqual(['/a/z']);
    expect(keys('/a/_d', [kv('/a/_d/y')])).toEqual(['/a/_d/y']);
  });

  it('gives a directory without a marker the index of its oldest key', () => {
    const node = buildTree(KeyPath.of('/a'), [kv('/a/b/x', 7, 9), kv('/a/b/y', 5, 6)], flat);
    expect(node).toMatchObject({ createdIndex: 5, modifiedIndex: 5 });
    expect(node.nodes?.[0]).toMatchObject({ key: '/a/b', createdIndex: 5 });
  });

  it('builds an empty directory, and the root', () => {
    expect(buildTree(KeyPath.of('/a'), [kv('/a/')], flat)).toMatchObject({ dir: true, nodes: [] });
    expect(buildTree(KeyPath.of('/'), [kv('/a'), kv('/b/c')], flat).nodes?.map(({ key }) => key)).toEqual([
      '/a',
      '/b',
    ]);
    expect(buildTree(KeyPath.of('/'), [], flat)).toMatchObject({ key: '/', nodes: [], createdIndex: 0 });
  });

  it('ignores keys with an empty name', () => {
    expect(keys('/a', [kv('/a//b'), kv('/a/b//c'), kv('/a/c')], deep)).toEqual(['/a/c']);
  });

  it('builds a directory if another client wrote a file of the same name', () => {
    expect(keys('/a', [kv('/a/b'), kv('/a/b/c')])).toEqual(['/a/b']);
    const [node] = buildTree(KeyPath.of('/a'), [kv('/a/b'), kv('/a/b/c')], deep).nodes ?? [];
    expect(node).toMatchObject({ dir: true, nodes: [{ key: '/a/b/c' }] });
  });

  it('handles names of Object.prototype like any other', () => {
    const node = buildTree(KeyPath.of('/a'), [kv('/a/constructor'), kv('/a/toString/x')], deep);
    expect(node.nodes?.map(({ key }) => key)).toEqual(['/a/constructor', '/a/toString']);
  });

  it('reads the lifetimes of visible nodes only', () => {
    const read: string[] = [];
    buildTree(KeyPath.of('/a'), [kv('/a/', 1, 1, '5'), kv('/a/_h', 1, 1, '6'), kv('/a/b', 1, 1, '7')], {
      ...flat,
      lifetime: ({ lease }) => {
        read.push(lease);
        return {};
      },
    });
    expect(read.toSorted()).toEqual(['5', '7']);
  });
});
