import { BatchedReads } from '../../common/async/batched-reads.js';
import { type Clock } from '../../common/clock.js';
import { type InstanceKey } from '../../registry/entry-record.js';
import { type CallOptions, type ConsulClient } from './client.js';
import { type ConsulResponse, isObject } from './consul-response.js';
import { agentIds, anyCaseFilter, encodeName, inPath, sizeInFilter } from './names.js';
import { type OwnerId } from './owner.js';
import { checkId, OWNER_META, WRITE_META } from './registration.js';
import { MAX_FILTER_CHARACTERS } from './scope-view.js';
import { type ConsulRequest } from './transport.js';

/**
 * Milliseconds that a change may take. A busy agent makes one change after the other. Whether it responds at all shows
 * the read before, which has less time.
 */
const CHANGE_TIMEOUT_MS = 5_000;

/** The options of a request that registers or deregisters. */
export const CHANGING = Object.freeze({ pool: 'writes', timeoutMs: CHANGE_TIMEOUT_MS });

/**
 * The services of the agent, as one session uses them. Each method sends one request at most, and throws the errors of
 * {@link ConsulClient.call}.
 */
export class AgentServices {
  /** The services whose ids differ from the given ones at most by case. Concurrent questions share a request. */
  private readonly withIds: BatchedReads<string, Readonly<Record<string, unknown>>>;

  constructor(
    private readonly client: ConsulClient,
    clock: Clock,
    private readonly owner: OwnerId,
  ) {
    this.withIds = new BatchedReads({
      clock,
      maxSize: MAX_FILTER_CHARACTERS,
      sizeOf: sizeInFilter,
      read: async (ids, signal) =>
        await this.list(anyCaseFilter('ID', ids), {
          signal,
          timeoutMs: client.writeTimeoutMs,
          pool: 'reads',
        }),
    });
  }

  /** Ids of the agent's services whose metadata has this session's owner id. */
  async ownedIds(signal: AbortSignal): Promise<string[]> {
    return Object.keys(await this.list(`Meta["${OWNER_META}"] == "${this.owner}"`, { signal }));
  }

  /** The id of the write that registered the service; undefined where this session does not own the service. */
  async writeIdOf(agentId: string, signal: AbortSignal): Promise<string | undefined> {
    const request: ConsulRequest = { method: 'GET', path: `/agent/service/${inPath(agentId)}` };
    const timeoutMs = this.client.writeTimeoutMs;
    const response = await this.client.send(request, { signal, timeoutMs, pool: 'writes' });
    // A service that the token may not read belongs to another client.
    if (response.absent || response.denied) return undefined;
    if (!response.ok) throw this.client.errorOf(request, response);
    const { Meta } = this.client.read(response, () => response.object());
    if (!isObject(Meta) || Meta[OWNER_META] !== this.owner) return undefined;
    const writeId = Meta[WRITE_META];
    return typeof writeId === 'string' ? writeId : '';
  }

  /** The id to register under: the plain one, or the qualified one where another service of the agent has the plain. */
  async chooseId(entryKey: InstanceKey, signal: AbortSignal): Promise<string> {
    const { plain, qualified } = agentIds(entryKey.service, entryKey.id);
    const services = await this.withIds.ask(plain, signal);
    const taken = Object.entries(services).some(([agentId, service]) => {
      if (agentId.toLowerCase() !== plain.toLowerCase()) return false;
      return agentId !== plain || !isObject(service) || service.Service !== encodeName(entryKey.service);
    });
    return taken ? qualified : plain;
  }

  /** Registers a service, or replaces the service with the same id. */
  async register(body: unknown, signal: AbortSignal): Promise<void> {
    const query = { 'replace-existing-checks': 'true' };
    const request: ConsulRequest = { method: 'PUT', path: '/agent/service/register', query, body };
    this.assertDone(await this.client.call(request, { signal, ...CHANGING }));
  }

  /** Marks the TTL check of the service as passing. Resolves to false when the agent does not know the check. */
  async passCheck(agentId: string, options: CallOptions): Promise<boolean> {
    const request: ConsulRequest = { method: 'PUT', path: `/agent/check/pass/${inPath(checkId(agentId))}` };
    const response = await this.client.send(request, options);
    if (response.ok) return this.assertDone(response);
    if (isUnknown(response)) return false;
    throw this.client.errorOf(request, response);
  }

  /** Deregisters a service. A service that the agent does not know is no error. */
  async deregister(agentId: string, options: CallOptions): Promise<void> {
    const request: ConsulRequest = { method: 'PUT', path: `/agent/service/deregister/${inPath(agentId)}` };
    const response = await this.client.send(request, options);
    if (isUnknown(response)) return;
    if (!response.ok) throw this.client.errorOf(request, response);
    this.assertDone(response);
  }

  /**
   * Checks that the body is empty, as Consul writes it after a successful change.
   *
   * @throws RegistryUnavailableError when it is not
   */
  private assertDone(response: ConsulResponse): true {
    if (response.text !== '' && response.text !== 'null' && response.text !== 'true')
      throw this.client.unavailable(response.unexpected('empty', response.text));
    return true;
  }

  private async list(
    filter: string | undefined,
    options: CallOptions,
  ): Promise<Readonly<Record<string, unknown>>> {
    const query = filter === undefined ? {} : { filter };
    const response = await this.client.call({ method: 'GET', path: '/agent/services', query }, options);
    return this.client.read(response, () => response.object());
  }
}

/** Whether the agent reports an unknown check or service, as it does after it has lost its data. */
function isUnknown(response: ConsulResponse): boolean {
  return (
    response.absent ||
    (response.status === 500 && /associated TTL|unknown (check|service)\b/i.test(response.text))
  );
}
