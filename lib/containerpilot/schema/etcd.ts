import { isName, MAX_NAME_BYTES } from '../../common/names.js';
import { type EtcdDescription } from '../config.js';
import { type Cursor } from '../cursor.js';

const DEFAULT_PREFIX = '/containerpilot';
const ENDPOINTS = 'one or more URLs of etcd, such as "http://etcd:2379"';
const PREFIX = `a path of at most ${MAX_NAME_BYTES} bytes without control characters, such as "${DEFAULT_PREFIX}"`;

/** The URL of one endpoint, with its scheme in lower case. Undefined for credentials, a path, a query and a fragment. */
function endpointUrl(text: string): string | undefined {
  const [, scheme = 'http', server = ''] = /^(?:(https?):\/\/)?([^/?#@]*[^/?#@:])\/*$/i.exec(text) ?? [];
  const url = `${scheme.toLowerCase()}://${server}`;
  return server !== '' && URL.canParse(url) ? url : undefined;
}

/** Reads the prefix. ContainerPilot 2 accepts one without a slash in front, which its client adds. */
function readPrefix(given: Cursor | undefined): string | undefined {
  const text = given?.string();
  if (given && text === undefined) return undefined;
  if (text === undefined || text === '') return DEFAULT_PREFIX;
  const prefix = text.startsWith('/') ? text : `/${text}`;
  return isName(prefix) ? prefix : given?.expected(PREFIX);
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
  const prefix = readPrefix(members.get('prefix'));
  return prefix === undefined ? undefined : { kind: 'etcd', endpoints: endpoints as string[], prefix };
}
