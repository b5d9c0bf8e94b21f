/**
 * Characters that change what a terminal or a log viewer shows: control characters, DEL, the C1 controls, direction marks,
 * line and paragraph separators, the byte order mark.
 */
// oxlint-disable-next-line no-control-regex -- these are the characters to escape
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Replaces each control, direction and line-separator character by `\uXXXX`, so that a string of a registry entry is
 * harmless on a terminal and in a log.
 */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** {@link escapeControls} for each line of a string. Line feeds stay. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n');
}

/**
 * `JSON.stringify` that also escapes DEL, the C1 controls, direction marks and U+2028, which it leaves as they are. The
 * result is one line of valid JSON with the same meaning.
 *
 * @returns undefined for a value that JSON cannot represent, as `JSON.stringify`
 */
export function toJson(
  value: unknown,
  replacer?: (name: string, value: unknown) => unknown,
): string | undefined {
  const text = JSON.stringify(value, replacer) as string | undefined;
  return text === undefined ? undefined : escapeControls(text);
}
