import { type Cursor, type Members } from '../cursor.js';

const NAME = /^[a-z][a-zA-Z0-9-]+$/;

/** Reads the `name` of a service, which must be one that Consul can make a DNS name of. */
export function readName(owner: Cursor, members: Members): string | undefined {
  const name = members.get('name');
  const what =
    'a name of letters, digits and dashes that begins with a small letter and has at least two characters';
  if (!name) return owner.problem(`Expected \`${owner.path}.name\` to be ${what}, got nothing.`);
  const text = name.string(what);
  return text === undefined || NAME.test(text) ? text : name.expected(what);
}
