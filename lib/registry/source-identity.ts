import { createHash } from 'node:crypto';

/**
 * The identity of a source whose settings hold secrets: equal for equal settings, and nothing that could be read back.
 *
 * @param settings all that tells one connection from another, as text
 */
export function identityOf(driver: string, settings: string): string {
  return `${driver}:${createHash('sha256').update(settings).digest('base64url')}`;
}
