import { type Clock } from '../../kernel/clock.js';
import { checkScope } from '../check-item.js';
import { Closing } from '../closing.js';
import { expected } from '../../kernel/expected.js';
import {
  type Cursor,
  type Listing,
  type Registry,
  type Scope,
  type Session,
  type SessionOptions,
  type WatchBatch,
} from '../registry.js';
import { type RegistryDeps } from '../source.js';
import { ConsulClient, MAX_WATCHES } from './client.js';
import { ConsulHistory } from './history.js';
import { InstanceHolder } from './instance-holder.js';
import { KeyHolder } from './key-holder.js';
import { type ConsulSettings } from './options.js';
import { newOwnerId } from './owner.js';
import { viewOf } from './scope-view.js';
import { ConsulSession, ping } from './session.js';
import { isEmpty, readListing, vouchForEmpty, watchScope } from './watch.js';
import { WatchGate } from './watch-gate.js';

/** A Consul agent as a registry. */
export class ConsulRegistry implements Registry {
  readonly driver = 'consul';
  private readonly gate = new WatchGate(MAX_WATCHES);
  private readonly history: ConsulHistory;
  private readonly closing: Closing;

  constructor(
    private readonly client: ConsulClient,
    private readonly clock: Clock,
  ) {
    this.history = new ConsulHistory(clock);
    this.closing = new Closing(`The connection to ${client.url}`);
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
      new KeyHolder(this.client, owner, name ?? 'nestjs-sidekick', ttl),
      new InstanceHolder(this.client, this.clock, owner, ttl),
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
    const { client, clock, gate, history } = this;
    const tracked = this.closing.track(signal);
    const ending = tracked.signal;
    try {
      yield* watchScope({
        client,
        clock,
        gate,
        history,
        view: viewOf(scope, client.settings),
        cursor,
        signal: ending,
      });
    } catch (error) {
      if (!ending.aborted) throw error;
    } finally {
      tracked.done();
    }
  }

  /** Needs `agent:read`. */
  async advertisedAddress(signal: AbortSignal): Promise<string | undefined> {
    const answer = await this.client.call({ method: 'GET', path: '/agent/self' }, { signal });
    const { Member: member } = answer.json() as { readonly Member?: { readonly Addr?: unknown } };
    return typeof member?.Addr === 'string' ? member.Addr : undefined;
  }

  close(): Promise<void> {
    this.closing.close();
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
