import { REDACTED } from '../common/redact.js';

/** Characters a shell takes as they are. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** One word of a shell command, quoted where it needs to be. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * A request as the `etcdctl` command that would do the same.
 *
 * @param words what follows the connection flags, such as `['get', '/servers', '--prefix']`; secrets masked already
 * @param input what it reads from its standard input
 */
export function etcdctlCommand(
  endpoint: string,
  username: string | undefined,
  words: readonly string[],
  input?: string,
): string {
  return [
    'etcdctl',
    `--endpoints=${endpoint}`,
    ...(username === undefined ? [] : [`--user=${shellWord(username)}:${REDACTED}`]),
    ...words.map(shellWord),
    ...(input === undefined ? [] : ['<<<', shellWord(input)]),
  ].join(' ');
}
