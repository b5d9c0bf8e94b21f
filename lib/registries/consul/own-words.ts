/** An answer as far as its author shows. */
export interface AnswerSigns {
  readonly status: number;
  /** Whether it bears a header that only Consul writes. */
  readonly marked: boolean;
  readonly html: boolean;
  /** The start of the body. */
  readonly text: string;
}

/** A page or a JSON object. Consul writes its errors as plain text. */
const FOREIGN_BODY = /^\s*[<{]/;

/** What Consul writes with statuses that ingresses, gateways and meshes use as well. */
const OWN_WORDS: ReadonlyMap<number, RegExp> = new Map([
  [401, /^ACL support disabled/i],
  [403, /permission denied|\bACLs? |lacks permission|blocked by agent configuration|access is restricted/i],
  [404, /^unknown (check|service)|^session id .*not found/i],
]);

/**
 * Whether Consul itself gave the answer. An ingress without a route, a gateway that wants credentials and a login page
 * answer in its place, and would otherwise be taken for «there is none» or «you may not».
 */
export function isConsulsOwn({ status, marked, html, text }: AnswerSigns): boolean {
  // Consul redirects nobody from its API.
  if (html || (status >= 300 && status < 400)) return false;
  if (status < 400 || status === 409) return true;
  if (FOREIGN_BODY.test(text)) return false;
  return marked || (OWN_WORDS.get(status)?.test(text.trimStart()) ?? true);
}
