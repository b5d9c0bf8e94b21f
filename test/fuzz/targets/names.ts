import assert from 'node:assert/strict';
import { posix } from 'node:path';
import fc from 'fast-check';
import { decodeSegment, encodeSegment, isName } from '../../../lib/common/names.js';
import { agentIds, anyCaseFilter, encodeName, idFilter } from '../../../lib/registries/consul/names.js';
import { fromCursor } from '../../../lib/registries/etcd/cursor.js';
import { EtcdLayout } from '../../../lib/registries/etcd/etcd-layout.js';
import { namesOf } from '../../../lib/registries/dns/names.js';
import { readVersionName, stemOf, versionName } from '../../../lib/registries/file/layout.js';
import { type EntryKey, entryKeyId } from '../../../lib/registry/entry-record.js';
import { twins } from '../values.js';
import { dataTarget } from '../target.js';

const layout = new EtcdLayout('/p');

/** Every place that two names must not share, by the driver whose it is. */
function places(name: string): Readonly<Record<string, string>> {
  return {
    segment: encodeSegment(name),
    stem: stemOf(name).toLowerCase(),
    consul: encodeName(name),
    agent: agentIds(name, 'id').qualified.toLowerCase(),
    'agent id': agentIds('service', name).qualified.toLowerCase(),
    'etcd id': layout.keyOf({ kind: 'instance', service: 'web', id: name }),
    'etcd service': layout.keyOf({ kind: 'instance', service: name, id: 'a' }),
  };
}

function entryKeys(one: string, two: string): readonly EntryKey[] {
  return [
    { kind: 'key', key: one },
    { kind: 'instance', service: one, id: two },
  ];
}

export default dataTarget<readonly [string, string]>({
  name: 'names',
  promise:
    'a name has a place of its own in every store, within its folder, and comes back; or it is refused',
  share: 2,
  inputs: (corpus) =>
    fc.oneof({ weight: 1, arbitrary: fc.constantFrom(...corpus) }, { weight: 9, arbitrary: twins }),
  run: ([one, two]) => {
    decodeSegment(one);
    readVersionName(one);
    fromCursor(one);
    layout.entryKeyOf({ kind: 'service', service: 'web' }, Buffer.from(`/p/web/${one}`));
    const [first, second] = [places(checked(one)), places(checked(two))];
    for (const [store, place] of Object.entries(first))
      assert.equal(place === second[store], one === two, `${store} keeps two names apart`);
    assert.equal(decodeSegment(encodeSegment(one)), one);
    const { file } = versionName(stemOf(one), 7);
    assert.doesNotMatch(file, /[/\\\0:*?"<>|]|^\./, 'a file name stays in its folder');
    assert.ok(Buffer.byteLength(file) < 256, 'a file name is short enough');
    assert.deepEqual(readVersionName(file), { stem: stemOf(one), number: 7, file });
    const path = `/v1/kv/${encodeName(one)}`;
    assert.equal(posix.normalize(path), path, 'a path is not cleaned');
    assert.match(path, /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u, 'a path can be printed');
    const key = layout.keyOf({ kind: 'instance', service: one, id: two });
    assert.deepEqual(layout.entryKeyOf({ kind: 'service', service: one }, Buffer.from(key)), {
      kind: 'instance',
      service: one,
      id: two,
    });
    for (const field of [idFilter('ID', [one]), anyCaseFilter('ID', [one])])
      assert.ok(
        !/["\\]/.test(field?.slice(field.indexOf('"') + 1, field.lastIndexOf('"')) ?? ''),
        'quotes hold',
      );
    const ids = [...entryKeys(one, two), ...entryKeys(two, one)].map(entryKeyId);
    assert.equal(new Set(ids).size, one === two ? 2 : 4, 'entry keys have distinct ids');
    namesOf(one, { domain: 'example.org', protocol: 'tcp' });
  },
});

/** @throws InvalidOptionError where it is no name */
function checked(name: string): string {
  const refusal = isName(name) ? undefined : layout.keyOf({ kind: 'key', key: name });
  assert.equal(refusal, undefined, 'what is no name is refused');
  return name;
}
