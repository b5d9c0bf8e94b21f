import fc from 'fast-check';
import { consul } from '../../../lib/registries/consul/consul.js';
import { dns } from '../../../lib/registries/dns/dns.js';
import { etcd } from '../../../lib/registries/etcd/etcd.js';
import { file } from '../../../lib/registries/file/file.js';
import { fixed } from '../../../lib/registries/fixed/fixed.js';
import { readInstance } from '../../../lib/registry/instance-shape.js';
import { registrySource } from '../../../lib/registries/registry-url.js';
import { checkAnnouncement, checkSidekickOptions } from '../../../lib/sidekick/sidekick.validation.js';
import { checkPilotedOptions } from '../../../lib/piloted/piloted.validation.js';
import { expectInstance } from '../expect.js';
import { typed } from '../judge.js';
import { anyJson, mutatedJson } from '../mutation.js';
import { hosts, names, ports } from '../values.js';
import { dataTarget } from '../target.js';

/** Values that an application may pass and JSON cannot express. */
const ODD: readonly unknown[] = [
  undefined,
  Symbol('odd'),
  5n,
  () => 1,
  Object.create(null),
  NaN,
  new Map(),
  -0,
];

const TAKERS: readonly ((given: never) => unknown)[] = [
  (given) => fixed(given),
  (given) => fixed({ web: [given] }),
  (given) => dns(given),
  (given) => consul(given),
  (given) => etcd(given),
  (given) => file(given),
  (given) => registrySource(given, {}),
  (given) => checkAnnouncement(given, 'the service'),
  (given) => checkSidekickOptions(given),
  (given) => checkPilotedOptions(given),
  (given) => expectInstance(readInstance('instance', given)),
];

export default dataTarget<unknown>({
  name: 'driver-options',
  promise: 'whatever is handed over as options or as an instance is taken as it should be, or refused',
  share: 1,
  inputs: (corpus) => mutatedJson(corpus, fc.oneof(hosts, names, ports, anyJson, fc.constantFrom(...ODD))),
  run: async (given) => {
    for (const take of TAKERS) await typed(() => take(given as never));
  },
});
