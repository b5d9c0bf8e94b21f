import { ConsulClient } from '../../../lib/registries/consul/client.js';
import { type ConsulSettings, consulSettings } from '../../../lib/registries/consul/options.js';
import { fixedToken } from '../../../lib/registries/consul/token.js';
import {
  type ConsulRequest,
  type RawResponse,
  type Transport,
} from '../../../lib/registries/consul/transport.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';

/** A response of Consul. */
export function answer(body: unknown, headers: Record<string, string> = {}, status = 200): RawResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: Buffer.from(text) };
}

/** A client of Consul on the virtual clock, whose responses a test provides. */
export class ScriptedConsul implements Transport {
  readonly clock = new VirtualClock();
  readonly requests: ConsulRequest[] = [];
  readonly client: ConsulClient;

  constructor(
    public reply: (request: ConsulRequest, signal: AbortSignal) => RawResponse | Promise<RawResponse>,
    settings: ConsulSettings = consulSettings({ token: 'secret-canary' }),
  ) {
    this.client = new ConsulClient(settings, this.clock, fixedToken(settings.token), {
      calls: this,
      writes: this,
      reads: this,
      watches: this,
    });
  }

  async send(
    request: ConsulRequest,
    _headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<RawResponse> {
    this.requests.push(request);
    return await this.reply(request, signal);
  }

  /** For {@link Transport}: there are no connections. */
  close(): void {
    this.requests.length = 0;
  }

  /** Responds with `quiet` when the wait is over, as Consul does without changes. */
  async blocked(request: ConsulRequest, quiet: RawResponse): Promise<RawResponse> {
    const wait = Number.parseFloat(request.query?.wait ?? '0');
    await new Promise<void>((resolve) => void this.clock.after(wait * 1_000, resolve));
    return quiet;
  }
}

/** The service `web` of a scripted Consul, whose changes end the queries that wait for one. */
export class ScriptedService extends ScriptedConsul {
  private index = 1;
  private readonly versions = new Map<string, number>();
  private readonly waiting = new Set<() => void>();

  constructor() {
    super((request) => this.answerOf(request));
  }

  /** The queries of the service. */
  get queries(): readonly ConsulRequest[] {
    return this.requests.filter(({ path }) => path === '/health/service/web');
  }

  /** Another client writes or removes instances. Returns the version of the last one. */
  change(ids: readonly string[], exists = true): string {
    this.index += 1;
    for (const id of ids)
      if (exists) this.versions.set(id, this.index);
      else this.versions.delete(id);
    for (const wake of [...this.waiting]) wake();
    return `${this.index}@n1`;
  }

  private async answerOf({ path, query }: ConsulRequest): Promise<RawResponse> {
    // Whether the token may read the service.
    if (path.startsWith('/internal')) return answer('ACL support disabled', {}, 401);
    if (query?.index === String(this.index)) await this.wait(Number.parseFloat(query.wait ?? '0'));
    const filtered = query?.filter
      ?.replaceAll('[.]', '.')
      .replaceAll('(?:', '(')
      .split(/["|()]/);
    const listed = [...this.versions].filter(([id]) => filtered?.includes(id) ?? true);
    const body = listed.map(([id, version]) => ({
      Node: { Node: 'n1', Address: '10.0.0.1' },
      Service: { ID: id, Service: 'web', Port: 80, ModifyIndex: version },
      Checks: [],
    }));
    return answer(body, { 'x-consul-index': String(this.index) });
  }

  private async wait(seconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.waiting.delete(wake);
        resolve();
      };
      const timer = this.clock.after(seconds * 1_000, wake);
      this.waiting.add(wake);
    });
  }
}
