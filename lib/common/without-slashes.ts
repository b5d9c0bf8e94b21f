/** The text without the slashes at its end. A loop, since a pattern for it looks at each slash of a long row anew. */
export function withoutSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end -= 1;
  return text.slice(0, end);
}
