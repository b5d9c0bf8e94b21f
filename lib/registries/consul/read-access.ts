import { formatValue } from '../../common/expected.js';
import { type Answer, isObject } from './answer.js';
import { type ConsulClient } from './client.js';
import { type ConsulRequest } from './transport.js';

const AUTHORIZE: ConsulRequest = { method: 'POST', path: '/internal/acl/authorize' };
const NODES: ConsulRequest = { method: 'GET', path: '/catalog/nodes' };

/** What Consul answers there while its ACLs are off. */
const ACLS_OFF = 401;

interface Rights {
  readonly service: boolean;
  readonly everyNode: boolean;
}

function rightsOf(answer: Answer): Rights {
  const allowed = answer.array().map((right) => isObject(right) && right.Allow === true);
  return { service: allowed[0] ?? false, everyNode: allowed[1] ?? false };
}

/**
 * Tells «there is none» from «you may not see any»: to a token without the right to read a service or its node, Consul
 * answers with an empty list and a status of 200. Called before an empty list is believed.
 *
 * @throws RegistryRefusedError when the token may not read the service, or no node at all
 */
export async function checkReadAccess(
  client: ConsulClient,
  service: string,
  empty: Answer,
  signal: AbortSignal,
): Promise<void> {
  const refusal = (right: string): Error =>
    client.refused(
      { method: 'GET', path: `/health/service/${service}` },
      `its list is empty, yet the token lacks ${right}, without which Consul leaves out what is there`,
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
  const answer = await client.send(request, { signal, lane: 'reads' });
  if (answer.status === ACLS_OFF && answer.own) return;
  if (answer.denied) throw client.failure(request, answer);
  // A Consul without this way to ask leaves one thing to go by: some node is always there.
  const rights = answer.ok ? client.read(answer, rightsOf) : { service: true, everyNode: false };
  if (!rights.service) throw refusal(`\`service:read\` on ${formatValue(service)}`);
  if (rights.everyNode) return;
  const nodes = await client.call(NODES, { signal, lane: 'reads' });
  if (client.read(nodes, () => nodes.array()).length === 0) throw refusal('`node:read`');
}
