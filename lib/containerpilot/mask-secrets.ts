const SECRET_MEMBER =
  /(["']?[\w-]{0,40}(?:token|passw|secret|credential)[\w-]{0,40}["']?\s{0,40}[:=]\s{0,40})(\{\{.*?\}\}|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[[{].*|[^\s,;&"'}\])]+)/gi;
const CREDENTIALS = /(\/\/)([^/?#\s"'@]*)(?=@)/g;
/** The text of a string up to its last `@`: an unescaped password may contain any character, and the scheme may be missing. */
const BEFORE_AT = /(?<=["'])[^"']*(?=@)/g;
const SCHEME = /^\s*(?:[a-z][a-z0-9+.-]*:\/\/)?/i;

function stars(text: string): string {
  return /^\{\{.*\}\}$/.test(text.replace(/^["']|["']$/g, '')) ? text : text.replace(/[^"']/g, '*');
}

/**
 * Masks the secrets of a line: the values of members with the name of a secret, and the credentials of URLs. Each character
 * is replaced with `*`, so that a caret below the line stays aligned. A template action is kept, because it contains the
 * name of a variable and not its value.
 */
export function maskSecrets(line: string): string {
  return line
    .replace(SECRET_MEMBER, (_, name: string, value: string) => name + stars(value))
    .replace(BEFORE_AT, withoutCredentials)
    .replace(CREDENTIALS, (_, slashes: string, credentials: string) => slashes + stars(credentials));
}

function withoutCredentials(text: string): string {
  const [scheme = ''] = SCHEME.exec(text) ?? [];
  const credentials = text.slice(scheme.length);
  return credentials.includes(':') ? scheme + stars(credentials) : text;
}
