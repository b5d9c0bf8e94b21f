import { type InstanceKey } from '../../registry/entry-record.js';
import { type Answer, isObject } from './answer.js';
import { type ConsulClient } from './client.js';
import { agentIds, anyCaseFilter, encodeName, inPath } from './names.js';
import { type OwnerId } from './owner.js';
import { checkId, OWNER, WRITE } from './registration.js';
import { type ConsulRequest } from './transport.js';

/** The services of the agent as one of our sessions uses them. Each call is one request. */
export class AgentServices {
  constructor(
    private readonly client: ConsulClient,
    private readonly owner: OwnerId,
  ) {}

  /** Ids in the agent of everything that bears our owner id. */
  async ours(signal: AbortSignal): Promise<string[]> {
    return Object.keys(await this.list(`Meta["${OWNER}"] == "${this.owner}"`, signal));
  }

  /** The write that made the service with this id; undefined where it does not bear our owner id. */
  async writeOf(agentId: string, signal: AbortSignal): Promise<string | undefined> {
    const request: ConsulRequest = { method: 'GET', path: `/agent/service/${inPath(agentId)}` };
    const answer = await this.client.send(request, { signal });
    // There is none, or one that is not for us to see.
    if (answer.absent || answer.denied) return undefined;
    if (!answer.ok) throw this.client.failure(request, answer);
    const { Meta } = this.client.read(answer, () => answer.object());
    if (!isObject(Meta) || Meta[OWNER] !== this.owner) return undefined;
    const write = Meta[WRITE];
    return typeof write === 'string' ? write : '';
  }

  /** The id to register under: the plain one, unless something else has it, in whose place ours would be put. */
  async freeId(entryKey: InstanceKey, signal: AbortSignal): Promise<string> {
    const { plain, qualified } = agentIds(entryKey.service, entryKey.id);
    const services = await this.list(anyCaseFilter('ID', plain), signal);
    const taken = Object.entries(services).some(([agentId, service]) => {
      if (agentId.toLowerCase() !== plain.toLowerCase()) return false;
      return agentId !== plain || !isObject(service) || service.Service !== encodeName(entryKey.service);
    });
    return taken ? qualified : plain;
  }

  async register(body: unknown, signal: AbortSignal): Promise<void> {
    const query = { 'replace-existing-checks': 'true' };
    const request: ConsulRequest = { method: 'PUT', path: '/agent/service/register', query, body };
    this.done(await this.client.call(request, { signal }));
  }

  /** Whether the check was passed; false when the agent does not know it. */
  async pass(agentId: string, signal: AbortSignal): Promise<boolean> {
    const request: ConsulRequest = { method: 'PUT', path: `/agent/check/pass/${inPath(checkId(agentId))}` };
    const answer = await this.client.send(request, { signal });
    if (answer.ok) return this.done(answer);
    if (isUnknown(answer)) return false;
    throw this.client.failure(request, answer);
  }

  /** Removes a service; one that is not there is removed already. */
  async deregister(agentId: string, signal: AbortSignal): Promise<void> {
    const request: ConsulRequest = { method: 'PUT', path: `/agent/service/deregister/${inPath(agentId)}` };
    const answer = await this.client.send(request, { signal });
    if (isUnknown(answer)) return;
    if (!answer.ok) throw this.client.failure(request, answer);
    this.done(answer);
  }

  /** Consul has nothing to say where it has done what was asked. @throws RegistryUnavailableError */
  private done(answer: Answer): true {
    if (answer.text !== '' && answer.text !== 'null' && answer.text !== 'true')
      throw this.client.unavailable(answer.unexpected('empty', answer.text));
    return true;
  }

  private async list(
    filter: string | undefined,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const query = filter === undefined ? {} : { filter };
    const answer = await this.client.call({ method: 'GET', path: '/agent/services', query }, { signal });
    return this.client.read(answer, () => answer.object());
  }
}

/** «does not have associated TTL», «Unknown check», «Unknown service»: what an agent says that has lost its data. */
function isUnknown(answer: Answer): boolean {
  return (
    answer.absent || (answer.status === 500 && /associated TTL|unknown (check|service)\b/i.test(answer.text))
  );
}
