import { type Clock } from '../../common/clock.js';
import { checkScope } from '../../registry/check-record.js';
import { AbortScope } from '../../common/async/abort-scope.js';
import { expected } from '../../common/expected.js';
import {
  type Cursor,
  type Listing,
  type Registry,
  type Scope,
  type Session,
  type SessionOptions,
  type WatchBatch,
} from '../../registry/registry.js';
import { type RegistryDeps } from '../../registry/registry-source.js';
import { ConsulClient, MAX_WATCHES } from './client.js';
import { ConsulHistory } from './history.js';
import { InstanceWriter } from './instance-writer.js';
import { KeyWriter } from './key-writer.js';
import { type ConsulSettings } from './options.js';
import { newOwnerId } from './owner.js';
import { viewOf } from './scope-view.js';
import { ConsulSession, ping } from './session.js';
import { isEmpty, readListing, vouchForEmpty, watchScope } from './watch.js';
import { Semaphore } from '../../common/async/semaphore.js';

/** A Consul agent as a registry. */
export class ConsulRegistry implements Registry {
  readonly driver = 'consul';
  private readonly turns = new Semaphore(MAX_WATCHES);
  private readonly history: ConsulHistory;
  private readonly scope: AbortScope;

  constructor(
    private readonly client: ConsulClient,
    private readonly clock: Clock,
  ) {
    this.history = new ConsulHistory(clock);
    this.scope = new AbortScope(`The connection to ${client.url}`);
  }

  get url(): string {
    return this.client.url;
  }

  async openSession({ ttl, name }: SessionOptions, signal: AbortSignal): Promise<Session> {
    if (!(ttl > 0)) throw expected('ttl', 'a number of seconds greater than 0', ttl);
    await ping(this.client, signal);
    const owner = newOwnerId();
    return new ConsulSession(
      owner,
      this.client,
      new KeyWriter(this.client, owner, name ?? 'nestjs-sidekick', ttl),
      new InstanceWriter(this.client, this.clock, owner, ttl),
    );
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    checkScope(scope);
    const view = viewOf(scope, this.client.settings);
    const request = { ...view.request, query: { ...view.request.query, consistent: '' } };
    const answer = await this.client.send(request, { signal, lane: 'reads' });
    const absent = answer.absent && view.service === undefined;
    if (!answer.ok && !absent) throw this.client.failure(request, answer);
    const listing = readListing(this.client, this.history, view, answer);
    if (isEmpty(listing)) await vouchForEmpty(this.client, view, answer, signal);
    return listing;
  }

  async *watch(scope: Scope, cursor: Cursor, signal: AbortSignal): AsyncGenerator<WatchBatch, void> {
    checkScope(scope);
    const { client, clock, turns, history } = this;
    const linked = this.scope.link(signal);
    const ending = linked.signal;
    try {
      yield* watchScope({
        client,
        clock,
        turns,
        history,
        view: viewOf(scope, client.settings),
        cursor,
        signal: ending,
      });
    } catch (error) {
      if (!ending.aborted) throw error;
    } finally {
      linked.release();
    }
  }

  /** Needs `agent:read`. */
  async advertisedAddress(signal: AbortSignal): Promise<string | undefined> {
    const answer = await this.client.call({ method: 'GET', path: '/agent/self' }, { signal });
    const { Member: member } = answer.json() as { readonly Member?: { readonly Addr?: unknown } };
    return typeof member?.Addr === 'string' ? member.Addr : undefined;
  }

  close(): Promise<void> {
    this.scope.close();
    this.client.close();
    return Promise.resolve();
  }
}

/** Loads the peer package and makes the connection; see `ConsulClient.open` for what it throws. */
export async function openConsul(
  settings: ConsulSettings,
  { clock, logger }: Pick<RegistryDeps, 'clock' | 'logger'>,
): Promise<ConsulRegistry> {
  const registry = new ConsulRegistry(await ConsulClient.open(settings, clock), clock);
  if (settings.secure && settings.tls.verify === false)
    logger.warn(
      `${registry.url} is reached without verifying its certificate, so that anybody in between can read the token and answer in its place: set \`tls.verify\` to true, and \`tls.ca\` to its authority.`,
    );
  return registry;
}
