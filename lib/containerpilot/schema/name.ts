import { isName, MAX_NAME_BYTES } from '../../common/names.js';
import { type Cursor, type Members } from '../cursor.js';

const DNS_NAME = /^[a-z][a-zA-Z0-9-]+$/;

const WHAT = {
  2: `a name of 1 to ${MAX_NAME_BYTES} bytes without control characters`,
  3: 'a name of at least two letters, digits and dashes that begins with a lowercase letter',
} as const;

/**
 * Reads the `name` of a service. A name that is not a valid DNS label is an error in ContainerPilot 3, and a warning in
 * ContainerPilot 2.
 */
export function readName(owner: Cursor, members: Members, generation: 2 | 3): string | undefined {
  const name = members.get('name');
  const what = WHAT[generation];
  if (!name) return owner.problem(`Expected \`${owner.path}.name\` to be ${what}, got nothing.`);
  const text = name.string(what);
  if (text === undefined) return undefined;
  if (DNS_NAME.test(text)) return isName(text) ? text : name.expected(WHAT[2]);
  if (generation === 3 || !isName(text)) return name.expected(what);
  name.warn(`\`${name.path}\` is not ${WHAT[3]}: ContainerPilot 3 rejects it, and DNS cannot resolve it.`);
  return text;
}
