import assert from 'node:assert/strict';
import fc from 'fast-check';
import { entryText, readEntryText } from '../../../lib/registries/file/entry-file.js';
import { readSessionFile } from '../../../lib/registries/file/session-file.js';
import { expectRecord } from '../expect.js';
import { jsonOf, jsonText, mutatedJson, mutatedTexts } from '../mutation.js';
import { textTarget } from '../target.js';

export default textTarget({
  name: 'file-entry',
  promise: "a registry file's text is an entry in every field, or refused",
  share: 2,
  inputs: (corpus) =>
    fc.oneof(
      mutatedTexts(corpus, ['"format":1', '"session":', '"key":', '"value":', '"instance":', '"ended":true']),
      mutatedJson(jsonOf(corpus)).map(jsonText),
    ),
  run: (text) => {
    const session = readSessionFile(text);
    if (session) {
      for (const time of [session.ttl, session.deadline, session.wall]) assert.ok(Number.isFinite(time));
    }
    const { record } = readEntryText(text);
    expectRecord(record);
    assert.equal(
      jsonText(readEntryText(entryText(record, 'session')).record),
      jsonText(record),
      'it comes back',
    );
  },
});
