import { isName, MAX_NAME_BYTES } from '../../common/names.js';
import { type Cursor, type Members } from '../cursor.js';

const DNS_NAME = /^[a-z][a-zA-Z0-9-]+$/;

const WHAT = {
  2: `a name of 1 to ${MAX_NAME_BYTES} bytes without control characters`,
  3: 'a name of letters, digits and dashes that begins with a small letter and has at least two characters',
} as const;

/**
 * Reads the `name` of a service. ContainerPilot 3 refuses a name that Consul cannot make a DNS name of; ContainerPilot 2
 * takes it with a warning.
 */
export function readName(owner: Cursor, members: Members, generation: 2 | 3): string | undefined {
  const name = members.get('name');
  const what = WHAT[generation];
  if (!name) return owner.problem(`Expected \`${owner.path}.name\` to be ${what}, got nothing.`);
  const text = name.string(what);
  if (text === undefined) return undefined;
  if (DNS_NAME.test(text)) return isName(text) ? text : name.expected(WHAT[2]);
  if (generation === 3 || !isName(text)) return name.expected(what);
  name.warn(`\`${name.path}\` is not ${WHAT[3]}: ContainerPilot 3 refuses it, and DNS cannot ask for it.`);
  return text;
}
