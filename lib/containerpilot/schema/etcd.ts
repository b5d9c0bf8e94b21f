import { trimTrailingSlashes } from '../../common/strings.js';
import { type EtcdDescription } from '../config.js';
import { type Cursor } from '../cursor.js';

const DEFAULT_PREFIX = '/containerpilot';
const ENDPOINTS = 'one or more URLs of etcd, such as "http://etcd:2379"';

function endpointUrl(text: string): string | undefined {
  const url = /^https?:\/\//i.test(text) ? text : `http://${text}`;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed && parsed.hostname !== '' && parsed.username === '' && parsed.password === ''
    ? trimTrailingSlashes(url)
    : undefined;
}

/** Reads `etcd` of ContainerPilot 2: `endpoints`, a string or an array, and `prefix`. */
export function readEtcd(etcd: Cursor): EtcdDescription | undefined {
  const members = etcd.members(['endpoints', 'prefix']);
  const given = members?.get('endpoints');
  if (!members || !given)
    return members && etcd.problem(`Expected \`etcd.endpoints\` to be ${ENDPOINTS}, got nothing.`);
  const endpoints = given.strings(ENDPOINTS)?.map(endpointUrl);
  if (!endpoints) return undefined;
  if (endpoints.length === 0 || endpoints.includes(undefined)) return given.expected(ENDPOINTS);
  const prefix = members.get('prefix')?.string();
  return {
    kind: 'etcd',
    endpoints: endpoints as string[],
    prefix: prefix === undefined || prefix === '' ? DEFAULT_PREFIX : prefix,
  };
}
