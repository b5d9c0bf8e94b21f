import assert from 'node:assert/strict';
import fc from 'fast-check';
import { redactUrl } from '../../../lib/common/redact.js';
import { registrySource } from '../../../lib/registries/registry-url.js';
import { mutatedTexts } from '../mutation.js';
import { hosts } from '../values.js';
import { textTarget } from '../target.js';

const WORDS: readonly string[] = [
  'memory:',
  'file:',
  'file:///',
  'fixed:',
  'dns:',
  'consul://',
  'consuls://',
  'etcd://',
  'etcds://',
  'http://',
  'https://',
  'user:pass@',
  '?token=',
  '&tls=true',
  '&dc=',
  '&ca=',
  '&timeout=',
  '?port=80',
  '&server=10.0.0.53',
  '=10.0.0.1:80',
  ';web=',
];

const assembled = fc
  .tuple(fc.constantFrom(...WORDS), hosts, fc.array(fc.constantFrom(...WORDS), { maxLength: 3 }))
  .map(([scheme, host, rest]) => `${scheme}${host}:80${rest.join('')}`);

export default textTarget({
  name: 'registry-url',
  promise: 'a registry URL of any scheme makes a source, or is refused in one sentence',
  inputs: (corpus) =>
    fc.oneof(
      { weight: 3, arbitrary: mutatedTexts(corpus, WORDS) },
      { weight: 1, arbitrary: assembled },
      { weight: 1, arbitrary: fc.webUrl() },
    ),
  run: (text) => {
    assert.equal(typeof redactUrl(text), 'string');
    const { url, identity } = registrySource(text, {});
    assert.ok(url.length > 0 && identity.length > 0, 'a source says where it is');
    // Said again, it is the same one.
    assert.equal(registrySource(text, {}).identity, identity);
  },
});
