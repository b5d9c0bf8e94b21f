import { formatValue } from '../../common/expected.js';
import { type ConsulClient } from './client.js';
import { type ConsulResponse, isObject } from './consul-response.js';
import { type ConsulRequest } from './transport.js';

const AUTHORIZE: ConsulRequest = { method: 'POST', path: '/internal/acl/authorize' };
const NODES: ConsulRequest = { method: 'GET', path: '/catalog/nodes' };

/** Status of {@link AUTHORIZE} while ACLs are disabled. */
const ACLS_DISABLED = 401;

interface Rights {
  readonly service: boolean;
  readonly everyNode: boolean;
}

function rightsOf(response: ConsulResponse): Rights {
  const allowed = response.array().map((right) => isObject(right) && right.Allow === true);
  return { service: allowed[0] ?? false, everyNode: allowed[1] ?? false };
}

/**
 * Verifies that an empty list means "no instances" and not "no permission". If a token may not read a service or its
 * node, Consul responds with an empty list and status 200.
 *
 * @param empty the response with the empty list
 * @throws RegistryRefusedError when the token may not read the service, or no node at all
 */
export async function checkReadAccess(
  client: ConsulClient,
  service: string,
  empty: ConsulResponse,
  signal: AbortSignal,
): Promise<void> {
  const refusal = (right: string): Error =>
    client.refused(
      { method: 'GET', path: `/health/service/${service}` },
      `its list is empty, yet the token lacks ${right}, without which Consul leaves out instances`,
    );
  if (empty.filtered)
    throw refusal(`\`service:read\` on ${formatValue(service)} or \`node:read\` on its nodes`);
  const request: ConsulRequest = {
    ...AUTHORIZE,
    body: [
      { Resource: 'service', Access: 'read', Segment: service },
      { Resource: 'node', Access: 'read', Segment: '' },
    ],
  };
  const response = await client.send(request, { signal, pool: 'reads' });
  if (response.status === ACLS_DISABLED && response.fromConsul) return;
  if (response.denied) throw client.errorOf(request, response);
  // A Consul version without this request still has at least one node: an empty list of nodes shows the missing right.
  const rights = response.ok ? client.read(response, rightsOf) : { service: true, everyNode: false };
  if (!rights.service) throw refusal(`\`service:read\` on ${formatValue(service)}`);
  if (rights.everyNode) return;
  const nodes = await client.call(NODES, { signal, pool: 'reads' });
  if (client.read(nodes, () => nodes.array()).length === 0) throw refusal('`node:read`');
}
