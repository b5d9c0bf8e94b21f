import assert from 'node:assert/strict';
import type { IEvent, IKeyValue } from 'etcd3';
import fc from 'fast-check';
import { eventResponse } from '../../../lib/etcd-client/keys/event-response.js';
import { canonicalKey, KeyPath } from '../../../lib/etcd-client/keys/key-path.js';
import { type Node } from '../../../lib/etcd-client/keys/node.js';
import { buildTree } from '../../../lib/etcd-client/keys/tree.js';
import { mutatedTexts } from '../mutation.js';
import { names } from '../values.js';
import { dataTarget } from '../target.js';

interface Input {
  /** The key of the caller. */
  readonly path: string;
  /** Keys below it, as another client wrote them. */
  readonly keys: readonly string[];
  readonly recursive: boolean;
}

const KEYS: readonly string[] = ['a', 'a/b', 'a/b/', 'a/', '_hidden/x', '__proto__', 'a//b', '/', ''];
const keys = fc.oneof(
  fc.constantFrom(...KEYS),
  mutatedTexts(KEYS, ['a/', '/_']),
  fc.array(names, { maxLength: 4 }).map((parts) => parts.join('/')),
);

function kvOf(key: string): IKeyValue {
  return {
    key: Buffer.from(key),
    value: Buffer.from('v'),
    create_revision: '1',
    mod_revision: '2',
    version: '1',
    lease: '0',
  };
}

/** That a tree is one: each node below its directory, each key once. */
function expectTree(node: Node): void {
  const below = node.nodes ?? [];
  const directory = node.key === '/' ? '/' : `${node.key}/`;
  assert.equal(new Set(below.map(({ key }) => key)).size, below.length, 'each key is there once');
  for (const child of below) {
    assert.ok(child.key.startsWith(directory), 'a node is below its directory');
    assert.ok(!child.key.slice(directory.length).includes('/'), 'a node is right below its directory');
    expectTree(child);
  }
}

export default dataTarget<Input>({
  name: 'etcd-tree',
  promise:
    "keys that others wrote are nodes of a tree, each once, or are left out; a caller's key is one or refused",
  share: 0.5,
  inputs: (corpus) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...corpus) },
      {
        weight: 9,
        arbitrary: fc.record({
          path: fc.oneof(fc.constantFrom('/', '/p', 'p/', ''), keys),
          keys: fc.array(keys, { maxLength: 6 }),
          recursive: fc.boolean(),
        }),
      },
    ),
  run: ({ path: named, keys: below, recursive }) => {
    const path = KeyPath.of(named);
    assert.equal(
      canonicalKey(canonicalKey(named)),
      canonicalKey(named),
      'a key that was understood stays as it is',
    );
    assert.ok(path.ancestors.length <= 1_000, 'its ancestors are bounded');
    const kvs = below.map((key) => kvOf(path.directory + key));
    expectTree(buildTree(path, kvs, { recursive, sort: true, lifetime: () => ({}) }));
    for (const kv of kvs) {
      const event = { type: 'Put', kv, prev_kv: null } as unknown as IEvent;
      const response = eventResponse(event, { path, recursive, clusterId: '1', missingLeases: new Set() });
      assert.ok(
        response === undefined || response.node.key.startsWith(path.key),
        'a watcher reports only keys that it watches',
      );
    }
  },
});
