const SHOWN = 80;

/** A text of at most `limit` characters and the mark that something is left out. */
export function truncated(text: string, limit = SHOWN): string {
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

/** A name as a message shows it: in quotes, shortened, and on one line whatever it is made of. */
export function quoted(name: string): string {
  return truncated(JSON.stringify(name));
}
