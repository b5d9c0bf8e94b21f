import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MAX_VALUE_BYTES } from '../../../lib/registry/check-item.js';
import { decodeItem, encodeItem } from '../../../lib/registry/etcd/codec.js';
import { saysEnded } from '../../../lib/registry/etcd/session-record.js';
import { type Slot } from '../../../lib/registry/item.js';
import { expectItem, expectReason } from '../expect.js';
import { jsonOf, jsonText, mutatedBytes, mutatedJson } from '../mutation.js';
import { bytesTarget } from '../target.js';

const SLOTS: readonly Slot[] = [
  { kind: 'instance', service: 'web', id: 'a' },
  { kind: 'key', key: 'k' },
];

export default bytesTarget({
  name: 'etcd-value',
  promise:
    "an etcd key's value is an entry in every field, deleted, or a reason, and is written back as it was read",
  share: 2,
  inputs: (corpus) =>
    fc.oneof(
      mutatedBytes(corpus, [
        '"Op":',
        '"Addr":',
        '"Metadata":',
        '"weight":',
        '"ports":',
        '"meta":',
        '"tags":',
      ]),
      mutatedJson(jsonOf(corpus)).map((value) => Buffer.from(jsonText(value))),
    ),
  run: (bytes) => {
    assert.equal(typeof saysEnded(bytes), 'boolean');
    for (const slot of SLOTS) {
      const decoded = decodeItem(slot, bytes);
      if ('reason' in decoded) {
        expectReason(decoded.reason);
        continue;
      }
      if ('deleted' in decoded) continue;
      expectItem(decoded.item);
      const again = encodeItem(decoded.item);
      if (again.length <= MAX_VALUE_BYTES)
        assert.equal(jsonText(decodeItem(slot, again)), jsonText(decoded), 'it comes back as it was');
    }
  },
});
