import { isObject } from './answer.js';
import { type ConsulRequest } from './transport.js';

const PERMISSION_DENIED = /permission denied/i;

function decoded(segment: string | undefined): string {
  return decodeURIComponent(segment ?? '');
}

function rule(request: ConsulRequest): string | undefined {
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

/** The rule that a token lacks when Consul denies it this request; empty where it was refused for something else. */
export function neededRight(request: ConsulRequest, said: string): string {
  const needed = PERMISSION_DENIED.test(said) ? rule(request) : undefined;
  return needed === undefined ? '' : ` The policy of the token lacks: ${needed}`;
}
