import { Semaphore } from '../../common/async/semaphore.js';
import { type Clock } from '../../common/clock.js';
import { expected } from '../../common/expected.js';
import { checkScope } from '../../registry/check-record.js';
import { type EntryKey } from '../../registry/entry-record.js';
import {
  type Cursor,
  type Listing,
  type Registry,
  type Scope,
  type Session,
  type SessionOptions,
  type WatchBatch,
} from '../../registry/registry.js';
import { type ExaminedRights, type Finding, type RegistryMember } from '../../registry/inspection.js';
import { type RegistryDeps } from '../../registry/registry-source.js';
import { ConsulClient, MAX_WATCHES } from './client.js';
import { DataLossDetector } from './data-loss-detector.js';
import { keyNames, readMembers, serviceNames } from './enumerate.js';
import { examineAgent } from './examine.js';
import { InstanceWriter } from './instance-writer.js';
import { KeyWriter } from './key-writer.js';
import { discardKey } from './kv-transaction.js';
import { type ConsulSettings } from './options.js';
import { newOwnerId } from './owner.js';
import { OwnEntries } from './own-entries.js';
import { viewOf } from './scope-view.js';
import { ConsulSession, ping } from './session.js';
import { isEmpty, readListing, verifyEmptyListing, watchScope } from './watch.js';

/** A Consul agent as a registry. */
export class ConsulRegistry implements Registry {
  readonly driver = 'consul';
  private readonly blockingQueries = new Semaphore(MAX_WATCHES);
  private readonly dataLoss: DataLossDetector;

  constructor(
    private readonly client: ConsulClient,
    private readonly clock: Clock,
  ) {
    this.dataLoss = new DataLossDetector(clock);
  }

  get url(): string {
    return this.client.url;
  }

  async openSession({ ttl, name }: SessionOptions, signal: AbortSignal): Promise<Session> {
    if (!(ttl > 0)) throw expected('ttl', 'a number of seconds greater than 0', ttl);
    await ping(this.client, signal);
    const { client, clock, blockingQueries } = this;
    const owner = newOwnerId();
    return new ConsulSession(
      owner,
      client,
      new KeyWriter(client, owner, name ?? 'nestjs-sidekick', ttl),
      new InstanceWriter(client, clock, owner, ttl),
      new OwnEntries({ client, clock, blockingQueries }),
    );
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    checkScope(scope);
    const view = viewOf(scope, this.client.settings);
    const request = { ...view.request, query: { ...view.request.query, consistent: '' } };
    const response = await this.client.send(request, { signal, pool: 'reads' });
    const absent = response.absent && view.service === undefined;
    if (!response.ok && !absent) throw this.client.errorOf(request, response);
    const listing = readListing(this.client, this.dataLoss, view, response);
    if (isEmpty(listing)) await verifyEmptyListing(this.client, view, response, signal);
    return listing;
  }

  async *watch(scope: Scope, cursor: Cursor, signal: AbortSignal): AsyncGenerator<WatchBatch, void> {
    checkScope(scope);
    const { client, clock, blockingQueries, dataLoss } = this;
    const linked = client.scope.link(signal);
    const view = viewOf(scope, client.settings);
    try {
      yield* watchScope({
        client,
        clock,
        blockingQueries,
        dataLoss,
        view: () => view,
        cursor,
        signal: linked.signal,
      });
    } catch (error) {
      if (!linked.signal.aborted) throw error;
    } finally {
      linked.release();
    }
  }

  async discard(entryKey: EntryKey, version: string, signal: AbortSignal): Promise<boolean> {
    checkScope(entryKey);
    if (entryKey.kind !== 'key') throw expected('entryKey', 'the key of an election or a lock', entryKey);
    return await discardKey(this.client, entryKey, version, signal);
  }

  /** The address that the agent advertises to other machines. The token needs `agent:read`. */
  async advertisedAddress(signal: AbortSignal): Promise<string | undefined> {
    const response = await this.client.call({ method: 'GET', path: '/agent/self' }, { signal });
    const { Member: member } = response.json() as { readonly Member?: { readonly Addr?: unknown } };
    return typeof member?.Addr === 'string' ? member.Addr : undefined;
  }

  async services(signal: AbortSignal): Promise<readonly string[]> {
    return await serviceNames(this.client, signal);
  }

  async keys(prefix: string, signal: AbortSignal): Promise<readonly string[]> {
    return await keyNames(this.client, prefix, signal);
  }

  async members(signal: AbortSignal): Promise<readonly RegistryMember[]> {
    return await readMembers(this.client, signal);
  }

  async examine(rights: ExaminedRights, signal: AbortSignal): Promise<readonly Finding[]> {
    return await examineAgent(this.client, this.clock, rights, signal);
  }

  async close(): Promise<void> {
    this.client.close();
    await Promise.resolve();
  }
}

/**
 * Loads the peer package and creates the registry. Opens no connection.
 *
 * @throws the errors of {@link ConsulClient.open}
 */
export async function openConsul(
  settings: ConsulSettings,
  { clock, logger }: Pick<RegistryDeps, 'clock' | 'logger'>,
): Promise<ConsulRegistry> {
  const registry = new ConsulRegistry(await ConsulClient.open(settings, clock), clock);
  if (settings.secure && settings.tls.verify === false)
    logger.warn(
      `The certificate of ${registry.url} is not verified, so that a machine in between can read the token and forge responses: set \`tls.verify\` to true, and \`tls.ca\` to the certificate's authority.`,
    );
  return registry;
}
