import { Inject, Injectable } from '@nestjs/common';
import { type Clock } from '../common/clock.js';
import { attempt } from '../common/async/deadline.js';
import { isLoopback, splitHostPort } from '../common/address.js';
import { type Logger } from '../common/logger.js';
import { type Instance } from '../registry/instance.js';
import { type SharedRegistry } from '../registry/registry-pool.js';
import {
  SIDEKICK_WAIT_CLOCK,
  SIDEKICK_LOGGER,
  SIDEKICK_REGISTRY,
  SIDEKICK_REGISTRY_URL,
} from './sidekick.tokens.js';

/** Timeout of the request for the advertised address, in milliseconds. */
const TIMEOUT_MS = 2_000;

/** Warns of an instance with a loopback address in a registry that other machines read. */
@Injectable()
export class LoopbackWarning {
  private readonly closing = new AbortController();

  constructor(
    @Inject(SIDEKICK_WAIT_CLOCK) private readonly clock: Clock,
    @Inject(SIDEKICK_LOGGER) private readonly logger: Logger,
    @Inject(SIDEKICK_REGISTRY_URL) private readonly url: string,
    /** Undefined when the worker thread opens the registry. */
    @Inject(SIDEKICK_REGISTRY) private readonly pooled: SharedRegistry | undefined,
  ) {}

  /** Never rejects. Does nothing when it is unknown whether other machines read the registry. */
  async check({ service, address }: Instance): Promise<void> {
    if (!isLoopback(address)) return;
    const host = await this.readBy();
    if (host === undefined || isLoopback(host) || this.closing.signal.aborted) return;
    this.logger.warn(
      `Service "${service}" is registered with the loopback address ${address}, which no other machine can reach, while other machines read the registry at ${host}. Let the server listen on 0.0.0.0, or set \`service.address\` or \`service.interfaces\`.`,
    );
  }

  close(): void {
    this.closing.abort();
  }

  /** The host that other machines use for the registry; undefined when unknown or none. */
  private async readBy(): Promise<string | undefined> {
    const { clock, pooled, url } = this;
    const registry = pooled?.registry;
    const advertised = registry?.advertisedAddress?.bind(registry);
    if (!advertised) return hostsOf(url).find((host) => !isLoopback(host));
    const what = `Asking ${url} for its advertised address`;
    const { signal } = this.closing;
    return await attempt({ clock, timeoutMs: TIMEOUT_MS, signal, what }, advertised).catch(() => undefined);
  }
}

/** The hosts in a registry's URL; none for URLs without a host, such as `file:` and `memory:`. */
function hostsOf(url: string): string[] {
  const [, authority = ''] = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(url) ?? [];
  return authority.split(',').flatMap((part) => {
    const host = splitHostPort(part)?.host ?? part;
    return host === '' ? [] : [host];
  });
}
