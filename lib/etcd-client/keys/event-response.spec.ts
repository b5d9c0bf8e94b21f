import type { IEvent, IKeyValue } from 'etcd3';
import { eventResponse, leaseOfDelete, type EventContext } from './event-response.js';
import { KeyPath } from './key-path.js';
import { newLeaseId } from './lease-id.js';

const none: Omit<IKeyValue, 'key'> = {
  value: Buffer.alloc(0),
  create_revision: '0',
  mod_revision: '0',
  version: '0',
  lease: '0',
};

function kv(key: string, value: string, created: number, modified: number, lease = '0'): IKeyValue {
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    create_revision: String(created),
    mod_revision: String(modified),
    version: '1',
    lease,
  };
}

function put(now: IKeyValue, before?: IKeyValue): IEvent {
  return { type: 'Put', kv: now, prev_kv: before ?? null } as unknown as IEvent;
}

function del(key: string, revision: number, before?: IKeyValue): IEvent {
  const now = { ...none, key: Buffer.from(key), mod_revision: String(revision) };
  return { type: 'Delete', kv: now, prev_kv: before ?? null } as unknown as IEvent;
}

function context(path: string, recursive = false, missing: string[] = []): EventContext {
  return { path: KeyPath.of(path), recursive, clusterId: 'c1', missingLeases: new Set(missing) };
}

describe('eventResponse', () => {
  it('distinguishes a new key from an existing one', () => {
    expect(eventResponse(put(kv('/a', 'x', 5, 5)), context('/a'))).toEqual({
      action: 'create',
      index: 5,
      clusterId: 'c1',
      node: { key: '/a', dir: false, value: 'x', createdIndex: 5, modifiedIndex: 5 },
    });
    expect(eventResponse(put(kv('/a', 'y', 5, 7), kv('/a', 'x', 5, 5)), context('/a'))).toMatchObject({
      action: 'set',
      index: 7,
      prevNode: { value: 'x', modifiedIndex: 5 },
    });
  });

  it('distinguishes a delete from an expiry by the lease', () => {
    const event = del('/a', 9, kv('/a', 'x', 5, 5, '77'));
    expect(leaseOfDelete(event)).toBe('77');
    expect(eventResponse(event, context('/a', false, ['77']))?.action).toBe('expire');
    expect(eventResponse(event, context('/a'))).toMatchObject({
      action: 'delete',
      node: { key: '/a', createdIndex: 5, modifiedIndex: 9 },
      prevNode: { value: 'x' },
    });
    expect(leaseOfDelete(del('/a', 9, kv('/a', 'x', 5, 5)))).toBeUndefined();
    expect(leaseOfDelete(put(kv('/a', 'x', 5, 5, '77')))).toBeUndefined();
  });

  it('drops the event of a refresh, and no other', () => {
    const lease = newLeaseId('refresh', Math.random);
    const before = kv('/a', 'x', 5, 5);
    expect(eventResponse(put(kv('/a', 'x', 5, 6, lease), before), context('/a'))).toBeUndefined();
    expect(eventResponse(put(kv('/a', 'x', 5, 6), before), context('/a'))?.action).toBe('set');
    const ended = del('/a', 7, kv('/a', 'x', 5, 6, lease));
    expect(eventResponse(ended, context('/a', false, [lease]))?.action).toBe('expire');
  });

  it('reports the marker of a directory as the directory', () => {
    expect(eventResponse(put(kv('/a/', '', 5, 5)), context('/a', true))).toMatchObject({
      action: 'create',
      node: { key: '/a', dir: true },
    });
  });

  it.each([
    ['/a', false, '/a', true],
    ['/a', false, '/a/', false],
    ['/a/', false, '/a/', true],
    ['/a', true, '/a/b', true],
    ['/a', true, '/a/b/c', true],
    ['/a', true, '/a-b', false],
    ['/a', true, '/a/_b', false],
    ['/a', true, '/a/_b/c', false],
    ['/a/_b', true, '/a/_b/c', true],
    ['/a', true, '/a//b', false],
    ['/', true, '/x/y', true],
    ['/', true, '/_x', false],
  ])('a watcher of %s (recursive: %s) receives events of %s: %s', (path, recursive, key, received) => {
    const response = eventResponse(put(kv(key, 'x', 1, 1)), context(path, recursive));
    expect(response !== undefined).toBe(received);
  });
});
