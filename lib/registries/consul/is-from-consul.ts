/** Properties of a response that show its author. */
export interface ResponseSigns {
  readonly status: number;
  /** Whether the response has a header that only Consul writes. */
  readonly hasConsulHeader: boolean;
  readonly isHtml: boolean;
  /** The start of the body. */
  readonly text: string;
}

/** A page or a JSON object. Consul writes its errors as plain text. */
const FOREIGN_BODY = /^\s*[<{]/;

/** Consul's messages for statuses that ingresses, gateways and meshes use as well. */
const CONSUL_PHRASES: ReadonlyMap<number, RegExp> = new Map([
  [401, /^ACL support disabled/i],
  [403, /permission denied|\bACLs? |lacks permission|blocked by agent configuration|access is restricted/i],
  [404, /^unknown (check|service)|^session id .*not found/i],
]);

/**
 * Whether Consul itself wrote the response. Without this check, an ingress without a route would look like "not found",
 * and a gateway that requires credentials or a login page like "permission denied".
 */
export function isFromConsul({ status, hasConsulHeader, isHtml, text }: ResponseSigns): boolean {
  // Consul's API never redirects.
  if (isHtml || (status >= 300 && status < 400)) return false;
  if (status < 400 || status === 409) return true;
  if (FOREIGN_BODY.test(text)) return false;
  return hasConsulHeader || (CONSUL_PHRASES.get(status)?.test(text.trimStart()) ?? true);
}
