/** What stands where a secret was. */
export const REDACTED = '***';

const SECRET_PARAMETER = /token|pass|secret|key|auth|cred/i;

/**
 * A registry URL fit for a log line: user and password are masked, and so is every query parameter whose name sounds
 * like a secret. Works on text, so that a URL too broken to parse is masked too.
 */
export function redactUrl(url: string): string {
  return url
    .replace(/(\/\/)[^/?#]*@/g, `$1${REDACTED}@`)
    .replace(/([?&])([^=&#]+)=([^&#]*)/g, (whole, mark: string, name: string) =>
      SECRET_PARAMETER.test(name) ? `${mark}${name}=${REDACTED}` : whole,
    );
}
