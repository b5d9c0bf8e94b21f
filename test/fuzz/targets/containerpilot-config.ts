import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isHost, isPort } from '../../../lib/common/address.js';
import { isName } from '../../../lib/common/names.js';
import { ConfigError } from '../../../lib/containerpilot/config.error.js';
import { type ContainerPilotConfig } from '../../../lib/containerpilot/config.js';
import { isInterfaceSpec } from '../../../lib/common/interfaces.js';
import { checkContainerPilotText } from '../../../lib/containerpilot/load.js';
import { registryUrlOf } from '../../../lib/containerpilot/registry-url.js';
import { registrySource } from '../../../lib/registries/registry-url.js';
import { ENVIRONMENT, TEMPLATE_WORDS } from '../environment.js';
import { anyJson, mutatedTexts } from '../mutation.js';
import { hosts, names, ports } from '../values.js';
import { textTarget } from '../target.js';

const WORDS: readonly string[] = [
  'consul:',
  'etcd:',
  'watches:',
  'jobs:',
  'services:',
  'name:',
  'port:',
  'ttl:',
];

const seconds = fc.oneof(
  fc.integer({ min: -1, max: 100 }),
  fc.constantFrom<unknown>('10s', '1m30s', '1.5s', '5', 0, 1e300, '9e9', null, '', true, [3]),
  anyJson,
);
const orAnything = (usual: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: anyJson });

const watch = fc.record(
  {
    name: orAnything(fc.oneof(fc.constantFrom('web', 'db', 'my-db'), names)),
    interval: seconds,
    poll: seconds,
    tag: orAnything(names),
    dc: orAnything(names),
  },
  { requiredKeys: ['name'] },
);

const job = fc.record(
  {
    name: orAnything(fc.oneof(fc.constantFrom('web', 'db', 'my-db'), names)),
    port: orAnything(ports),
    interfaces: orAnything(
      fc.oneof(fc.constantFrom('eth0', 'inet6', 'static:10.0.0.1'), fc.array(hosts, { maxLength: 3 })),
    ),
    health: orAnything(fc.record({ interval: seconds, ttl: seconds }, { requiredKeys: [] })),
    poll: seconds,
    ttl: seconds,
    tags: orAnything(fc.array(names, { maxLength: 3 })),
    meta: orAnything(fc.dictionary(names, names)),
    initial_status: orAnything(fc.constantFrom('passing', 'warning', 'critical', '')),
    consul: orAnything(
      fc.record(
        { enableTagOverride: anyJson, deregisterCriticalServiceAfter: seconds },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: ['name', 'port'] },
);

const address = fc.tuple(hosts, ports).map(([host, port]) => `${host}:${String(port)}`);

/** A value with the structure of a configuration and arbitrary values in its fields. */
const structured = fc
  .record(
    {
      consul: orAnything(
        fc.oneof(
          address,
          fc.record({ address, scheme: names, token: names, tls: anyJson }, { requiredKeys: [] }),
        ),
      ),
      etcd: orAnything(fc.record({ endpoints: fc.array(address), prefix: names }, { requiredKeys: [] })),
      watches: orAnything(fc.array(watch, { maxLength: 3 })),
      jobs: orAnything(fc.array(job, { maxLength: 3 })),
      services: orAnything(fc.array(job, { maxLength: 3 })),
      backends: orAnything(fc.array(watch, { maxLength: 3 })),
    },
    { requiredKeys: [] },
  )
  .map((config) => JSON.stringify(config));

function expectConfig(config: ContainerPilotConfig): void {
  for (const { name, interval } of config.watches) {
    assert.ok(isName(name), 'a watch has a name');
    assert.ok(Number.isSafeInteger(interval) && interval >= 1, 'a watch has an interval');
  }
  for (const service of config.services) {
    assert.ok(isName(service.name) && isPort(service.port), 'a service has a name and a port');
    assert.ok(service.interfaces.every(isInterfaceSpec), 'interfaces are specifications');
    assert.ok(
      service.tags.every((tag) => typeof tag === 'string'),
      'tags are texts',
    );
    assert.ok(
      Object.values(service.meta).every((value) => typeof value === 'string'),
      'metadata is made of texts',
    );
    for (const time of [service.health.interval, service.health.ttl])
      assert.ok(Number.isSafeInteger(time) && time >= 1, 'seconds are seconds');
  }
  if (config.registry.kind === 'consul') {
    assert.ok(isHost(config.registry.host) && isPort(config.registry.port), 'Consul has an address');
  }
  assert.ok(Object.isFrozen(config.services) && Object.isFrozen(config.registry), 'all of it is frozen');
  // The registry that it names can be opened, or is refused by an error of the library.
  registrySource(registryUrlOf(config.registry), {});
}

export default textTarget({
  name: 'containerpilot-config',
  promise: 'a configuration is understood in every field, or refused with its places',
  share: 0.5,
  inputs: (corpus) =>
    fc.oneof(
      { weight: 3, arbitrary: mutatedTexts(corpus, [...WORDS, ...TEMPLATE_WORDS]) },
      { weight: 2, arbitrary: structured },
    ),
  run: (text) => {
    const { config, problems } = checkContainerPilotText(text, ENVIRONMENT, { hostname: 'h' });
    assert.equal(config === undefined, problems.length > 0, 'there is a configuration or a problem');
    for (const problem of problems) assert.ok(problem instanceof ConfigError, 'a problem is a ConfigError');
    if (config) expectConfig(config);
    else throw ConfigError.of(problems);
  },
});
