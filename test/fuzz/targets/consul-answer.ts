import fc from 'fast-check';
import { ConsulResponse } from '../../../lib/registries/consul/consul-response.js';
import { cursorOf } from '../../../lib/registries/consul/cursor.js';
import { consulSettings } from '../../../lib/registries/consul/options.js';
import { viewOf } from '../../../lib/registries/consul/scope-view.js';
import { type Scope } from '../../../lib/registry/registry.js';
import { expectListing } from '../expect.js';
import { jsonOf, jsonText, mutatedBytes, mutatedJson } from '../mutation.js';
import { hosts, names, ports } from '../values.js';
import { bytesTarget } from '../target.js';

const SETTINGS = consulSettings({});
const SCOPES: readonly Scope[] = [
  { kind: 'service', service: 'web' },
  { kind: 'instance', service: 'web', id: 'a' },
  { kind: 'key', key: 'k' },
];

/** The fields of an instance for which Consul has none. */
const packed = fc
  .jsonValue({ maxDepth: 1 })
  .chain((any) =>
    fc.record(
      {
        id: fc.oneof(names, fc.constant(any)),
        weight: fc.constantFrom<unknown>(0, -1, 1.5, 1e9, '1', any),
        zone: fc.oneof(names, fc.constant(any)),
        meta: fc.array(fc.tuple(names, fc.oneof(names, fc.constant(any)))),
        ports: fc.array(fc.tuple(names, ports)),
      },
      { requiredKeys: [] },
    ),
  )
  .map((data) => Buffer.from(JSON.stringify(data)).toString('base64'));

export default bytesTarget({
  name: 'consul-answer',
  promise:
    "a Consul answer is entries in every field, each entry key once, and reasons; or no answer of Consul's",
  share: 2,
  inputs: (corpus) =>
    fc.oneof(
      {
        weight: 3,
        arbitrary: mutatedJson(jsonOf(corpus), fc.oneof(hosts, names, ports, packed)).map(asBytes),
      },
      { weight: 1, arbitrary: mutatedBytes(corpus) },
    ),
  run: (body) => {
    for (const scope of SCOPES) {
      const answer = new ConsulResponse({ status: 200, headers: {}, body }, 'GET /v1/health/service/web');
      const content = viewOf(scope, SETTINGS).read(answer);
      expectListing({ ...content, cursor: cursorOf(content) });
    }
  },
});

function asBytes(value: unknown): Buffer {
  return Buffer.from(jsonText(value));
}
