import { type ContainerPilotConfig, type RegistryDescription } from '../config.js';
import { Cursor, Members } from '../cursor.js';
import { type ConfigDocument } from '../config-document.js';
import { type JsonNode } from '../json5/node.js';
import { similarName } from '../../common/similar-name.js';
import { type Env } from '../template/render.js';
import { readConsul } from './consul.js';
import { readEtcd } from './etcd.js';
import { readServices } from './services.js';
import { readWatches } from './watches.js';

const BOTH = ['consul', 'logging', 'stopTimeout', 'telemetry'];
const ONLY: Readonly<Record<2 | 3, readonly string[]>> = {
  2: ['etcd', 'services', 'backends', 'onStart', 'preStart', 'preStop', 'postStop', 'tasks', 'coprocesses'],
  3: ['jobs', 'watches', 'control'],
};

function readGeneration(document: ConfigDocument, members: Members): 2 | 3 {
  const of2 = ONLY[2].map((name) => members.get(name)).find((member) => member !== undefined);
  const of3 = ONLY[3].map((name) => members.get(name)).find((member) => member !== undefined);
  if (of2 && of3) {
    const reason = `Expected the names of one generation, got \`${of2.path}\` of ContainerPilot 2 and \`${of3.path}\` of ContainerPilot 3.`;
    document.problem(of3.node.start, () => reason, of3.path);
  }
  if (!of3) members.get('onStart')?.warn('`onStart` is deprecated; use `preStart`.');
  return of2 ? 2 : 3;
}

function readRegistry(
  document: ConfigDocument,
  root: JsonNode,
  members: Members,
  env: Env,
): RegistryDescription | undefined {
  const consul = members.get('consul');
  const etcd = members.get('etcd');
  if (consul && etcd) return etcd.problem('Expected one registry, got both `consul` and `etcd`.');
  return etcd
    ? readEtcd(etcd)
    : readConsul(consul, env, (reason) => document.problem(root.start, () => reason, 'consul'));
}

/** Reads the root of a configuration. Returns undefined, and adds problems to the document, if it is invalid. */
export function readConfig(
  document: ConfigDocument,
  root: JsonNode,
  env: Env,
  hostname: string,
): Omit<ContainerPilotConfig, 'file' | 'warnings' | 'unsetVariables'> | undefined {
  if (root.kind !== 'object') return new Cursor(document, root, 'configuration').expected('an object');
  const members = new Members(document, root.members, '');
  const known = [...BOTH, ...ONLY[2], ...ONLY[3]];
  for (const { name, start } of root.members.values()) {
    if (!known.includes(name))
      document.problem(
        start,
        () => `Unknown name \`${name.slice(0, 80)}\`.${similarName(name, known)}`,
        name,
      );
  }
  const generation = readGeneration(document, members);
  const registry = readRegistry(document, root, members, env);
  const watches = readWatches(members.get(generation === 2 ? 'backends' : 'watches'), generation);
  const services = readServices(members.get(generation === 2 ? 'services' : 'jobs'), generation, hostname);
  return registry && { generation, registry, watches, services };
}
