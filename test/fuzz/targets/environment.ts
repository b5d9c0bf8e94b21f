import fc from 'fast-check';
import { loadContainerPilot } from '../../../lib/containerpilot/load.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { PilotedConfig } from '../../../lib/piloted/piloted-config.js';
import { bootRegistry, registrySource } from '../../../lib/registries/registry-url.js';
import { typed } from '../judge.js';
import { mutatedTexts } from '../mutation.js';
import { hosts, names, ports } from '../values.js';
import { dataTarget } from '../target.js';

type Input = Readonly<Record<string, string>>;

const VARIABLES: readonly string[] = [
  'CONSUL_HOST',
  'CONSUL_PORT',
  'CONSUL_HTTP_TOKEN',
  'CONSUL_HTTP_SSL_VERIFY',
  'CONSUL_CACERT',
  'CONSUL_TLS_SERVER_NAME',
  'NODE_ENV',
  '__proto__',
];

const URLS: readonly string[] = [
  'memory:',
  'file:x',
  'etcd://a:1,b:2',
  'consul://h?token=t',
  'fixed:w=h:1',
  'dns:x',
];
const CONFIGS: readonly string[] = [
  '{watches:[]}',
  '/nowhere.json',
  'file:///nowhere',
  '{watches:[{name:"{{.A}}"}]}',
];

export default dataTarget<Input>({
  name: 'environment',
  promise: 'the variables that name a registry and a configuration are understood or refused',
  inputs: (corpus) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...corpus) },
      {
        weight: 9,
        arbitrary: fc
          .tuple(
            mutatedTexts(URLS),
            mutatedTexts(CONFIGS),
            fc.dictionary(
              fc.constantFrom(...VARIABLES),
              fc.oneof(hosts, names, ports.map(String), fc.constantFrom('production', 'true', '0', '')),
            ),
          )
          .map(([SIDEKICK_REGISTRY, CONTAINERPILOT, others]) => ({
            ...others,
            SIDEKICK_REGISTRY,
            CONTAINERPILOT,
          })),
      },
    ),
  run: async (env) => {
    await typed(() => registrySource(undefined, env));
    await typed(() => bootRegistry(undefined, env, silentLogger));
    await typed(() => new PilotedConfig(undefined, env, silentLogger).load());
    loadContainerPilot('', env, { hostname: 'h' });
  },
});
