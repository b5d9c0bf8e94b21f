import { isObject } from './consul-response.js';
import { type ConsulRequest } from './transport.js';

const PERMISSION_DENIED = /permission denied/i;

function decoded(segment: string | undefined): string {
  return decodeURIComponent(segment ?? '');
}

function ruleFor(request: ConsulRequest): string | undefined {
  const { method, path, body } = request;
  const [, area, of, ...rest] = path.split('/');
  if (area === 'agent') {
    const service = isObject(body) && typeof body.Name === 'string' ? body.Name : undefined;
    const named = service === undefined ? 'of the instance' : JSON.stringify(service);
    return `service ${named} { policy = "${method === 'GET' ? 'read' : 'write'}" }`;
  }
  if (area === 'session') return 'session_prefix "" { policy = "write" }';
  if (area === 'kv') return `key ${JSON.stringify(decoded(of))} { policy = "read" }`;
  if (area === 'txn') return 'key … { policy = "write" }';
  if (area === 'health') return `service ${JSON.stringify(decoded(rest[0]))} { policy = "read" }`;
  return area === 'catalog' ? 'node_prefix "" { policy = "read" }' : undefined;
}

/**
 * A sentence that names the ACL rule which `request` requires. Empty where `message`, Consul's own, shows that
 * permission was not the reason of the refusal.
 */
export function missingAclRule(request: ConsulRequest, message: string): string {
  const rule = PERMISSION_DENIED.test(message) ? ruleFor(request) : undefined;
  return rule === undefined ? '' : ` The policy of the token lacks: ${rule}`;
}
