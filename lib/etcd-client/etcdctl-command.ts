import { REDACTED } from '../common/redact.js';

/** Characters that need no quotes in a shell. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** Quotes one argument of a shell command when it is necessary. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * The `etcdctl` command line that is equivalent to a request.
 *
 * @param words the arguments after the connection flags, such as `['get', '/servers', '--prefix']`; secrets masked
 * @param input the standard input of the command
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
