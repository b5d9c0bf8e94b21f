import { type Clock } from '../../common/clock.js';
import { messageOf } from '../../common/thrown.js';
import { clockFinding, type ExaminedRights, type Finding } from '../../registry/inspection.js';
import { type ConsulClient, MAX_CONNECTIONS } from './client.js';
import { isObject } from './consul-response.js';
import { readMembers } from './enumerate.js';
import { encodeName } from './names.js';

/** Status of the request for rights while ACLs are disabled. */
const ACLS_DISABLED = 401;

interface Right {
  readonly check: string;
  readonly resource: { readonly Resource: string; readonly Access: string; readonly Segment: string };
  readonly rule: string;
}

function right(check: string, Resource: string, Access: string, Segment: string, prefix = false): Right {
  const label = prefix ? `${Resource}_prefix` : Resource;
  return {
    check,
    resource: { Resource, Access, Segment },
    rule: `${label} ${JSON.stringify(Segment)} { policy = "${Access}" }`,
  };
}

function rightsFor({ service, key }: ExaminedRights): readonly Right[] {
  const name = encodeName(service);
  return [
    right(`read ${service}`, 'service', 'read', name),
    right('read nodes', 'node', 'read', '', true),
    right(`write ${service}`, 'service', 'write', name),
    ...(key === undefined
      ? []
      : [
          right(`write ${key}`, 'key', 'write', encodeName(key)),
          right('write sessions', 'session', 'write', '', true),
        ]),
  ];
}

/** Checks an agent: version, connection limit, clock, servers, and the rights of the token. Changes nothing. */
export async function examineAgent(
  client: ConsulClient,
  clock: Clock,
  rights: ExaminedRights,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const checks: readonly (readonly [string, () => Promise<readonly Finding[]>])[] = [
    ['agent', async () => await agentFindings(client, clock, signal)],
    ['servers', async () => await serverFindings(client, signal)],
    ['rights', async () => await rightFindings(client, rightsFor(rights), signal)],
  ];
  const results = await Promise.all(
    checks.map(async ([check, run]): Promise<readonly Finding[]> => {
      try {
        return await run();
      } catch (error) {
        if (signal.aborted) throw error;
        const advice = 'Check that the address is a Consul agent which this machine reaches, and the token.';
        return [{ check, status: 'failed', message: messageOf(error), advice }];
      }
    }),
  );
  return results.flat();
}

async function agentFindings(
  client: ConsulClient,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const request = { method: 'GET', path: '/agent/self' } as const;
  const response = await client.send(request, { signal, pool: 'reads' });
  const time = clockFinding(response.timeMs, clock.wall());
  if (response.denied)
    return [
      time,
      {
        check: 'version',
        status: 'warning',
        message: 'unknown: the token may not read the agent',
        advice: 'For this check only, the policy of the token needs: agent_prefix "" { policy = "read" }',
      },
    ];
  if (!response.ok) throw client.errorOf(request, response);
  const { Config, DebugConfig } = client.read(response, () => response.object());
  const config = isObject(Config) ? Config : {};
  const limit = isObject(DebugConfig) ? DebugConfig.HTTPMaxConnsPerClient : undefined;
  return [
    {
      check: 'version',
      status: 'ok',
      message: `Consul ${String(config.Version)}, datacenter ${String(config.Datacenter)}`,
    },
    time,
    connectionFinding(limit),
  ];
}

function connectionFinding(limit: unknown): Finding {
  const check = 'connections';
  if (typeof limit !== 'number' || limit <= 0)
    return { check, status: 'ok', message: 'no limit for one address' };
  const message = `limit of ${limit} from one address; one process opens up to ${MAX_CONNECTIONS}`;
  if (limit >= MAX_CONNECTIONS) return { check, status: 'ok', message };
  const advice = `Raise limits.http_max_conns_per_client in the agent's configuration to ${MAX_CONNECTIONS} for each process on this machine.`;
  return { check, status: 'warning', message, advice };
}

async function serverFindings(client: ConsulClient, signal: AbortSignal): Promise<readonly Finding[]> {
  const servers = (await readMembers(client, signal)).filter(({ leader }) => leader !== undefined);
  const leader = servers.find((server) => server.leader);
  const message = `${servers.length}, leader ${leader?.name ?? 'none'}`;
  return [
    leader
      ? { check: 'servers', status: 'ok', message }
      : { check: 'servers', status: 'failed', message, advice: 'Start enough servers for a majority.' },
  ];
}

async function rightFindings(
  client: ConsulClient,
  rights: readonly Right[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const request = {
    method: 'POST',
    path: '/internal/acl/authorize',
    body: rights.map(({ resource }) => resource),
  } as const;
  const response = await client.send(request, { signal, pool: 'reads' });
  if (response.status === ACLS_DISABLED && response.fromConsul)
    return rights.map(({ check }) => ({ check, status: 'ok', message: 'allowed: ACLs are disabled' }));
  if (!response.ok) throw client.errorOf(request, response);
  const allowed = client.read(response, () => response.array());
  return rights.map(({ check, rule }, i): Finding => {
    const answer = allowed[i];
    if (isObject(answer) && answer.Allow === true) return { check, status: 'ok', message: 'allowed' };
    return { check, status: 'failed', message: 'denied', advice: `Add to the policy of the token: ${rule}` };
  });
}
