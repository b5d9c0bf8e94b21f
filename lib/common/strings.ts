import { toJson } from './escape.js';

/** Default length of {@link truncate}, in UTF-16 code units. */
const MAX_LENGTH = 80;

/** Cuts `text` after `maxLength` UTF-16 code units, and marks the cut with "…". */
export function truncate(text: string, maxLength = MAX_LENGTH): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}

/** A name for a message: in double quotes, truncated, with control and direction characters escaped. */
export function quote(name: string): string {
  return truncate(toJson(name) ?? '');
}

/** Removes the slashes at the end. A regular expression for it takes quadratic time on a long run of slashes. */
export function trimTrailingSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end -= 1;
  return text.slice(0, end);
}

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes UTF-8. Returns undefined for bytes that are not UTF-8, instead of replacement characters. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}
