const SECRET_MEMBER =
  /(["']?[\w-]{0,40}(?:token|passw|secret|credential)[\w-]{0,40}["']?\s{0,40}[:=]\s{0,40})(\{\{.*?\}\}|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[[{].*|[^\s,;&"'}\])]+)/gi;
const CREDENTIALS = /(\/\/)([^/?#\s"'@]*)(?=@)/g;

function stars(text: string): string {
  return /^\{\{.*\}\}$/.test(text.replace(/^["']|["']$/g, '')) ? text : text.replace(/[^"']/g, '*');
}

/**
 * A line of a configuration fit for an error: the values of members that sound like secrets and the credentials of
 * URLs are starred out, character by character, so that a caret below still points at the same place. A template's
 * action stays, since it holds a name, not a value.
 */
export function maskSecrets(line: string): string {
  return line
    .replace(SECRET_MEMBER, (_, name: string, value: string) => name + stars(value))
    .replace(CREDENTIALS, (_, slashes: string, credentials: string) => slashes + stars(credentials));
}
