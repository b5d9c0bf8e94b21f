import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeSnapshot, encodeSnapshot } from '../../../lib/discovery/snapshot-codec.js';
import { expectInstance } from '../expect.js';
import { jsonOf, jsonText, mutatedJson, mutatedTexts } from '../mutation.js';
import { hosts, ports } from '../values.js';
import { textTarget } from '../target.js';

export default textTarget({
  name: 'snapshot',
  promise: 'a snapshot holds lists of endpoints that are ones in every field, or is refused',
  share: 2,
  inputs: (corpus) =>
    fc.oneof(mutatedTexts(corpus), mutatedJson(jsonOf(corpus), fc.oneof(hosts, ports)).map(jsonText)),
  run: (text) => {
    const lists = decodeSnapshot(text);
    for (const { confirmedAtMs, endpoints } of lists) {
      assert.ok(Number.isFinite(confirmedAtMs), 'the time of a list is one');
      endpoints.forEach(expectInstance);
    }
    assert.equal(
      encodeSnapshot(decodeSnapshot(encodeSnapshot(lists))),
      encodeSnapshot(lists),
      'it comes back',
    );
  },
});
