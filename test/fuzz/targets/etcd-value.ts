import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MAX_VALUE_BYTES } from '../../../lib/registry/check-record.js';
import { decodeRecord, encodeRecord } from '../../../lib/registries/etcd/codec.js';
import { isEndedRecord } from '../../../lib/registries/etcd/session-record.js';
import { type EntryKey } from '../../../lib/registry/entry-record.js';
import { expectRecord, expectReason } from '../expect.js';
import { jsonOf, jsonText, mutatedBytes, mutatedJson } from '../mutation.js';
import { bytesTarget } from '../target.js';

const ENTRY_KEYS: readonly EntryKey[] = [
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
    assert.equal(typeof isEndedRecord(bytes), 'boolean');
    for (const entryKey of ENTRY_KEYS) {
      const decoded = decodeRecord(entryKey, bytes);
      if ('reason' in decoded) {
        expectReason(decoded.reason);
        continue;
      }
      if ('deleted' in decoded) continue;
      expectRecord(decoded.record);
      const again = encodeRecord(decoded.record);
      if (again.length <= MAX_VALUE_BYTES)
        assert.equal(jsonText(decodeRecord(entryKey, again)), jsonText(decoded), 'it comes back as it was');
    }
  },
});
