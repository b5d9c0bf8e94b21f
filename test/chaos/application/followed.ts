import { type DiscoveryService } from '../../../lib/index.js';
import { monotonic } from '../../harness/wait.js';
import { type ListNews } from '../recording/event.js';
import { type Picks } from './protocol.js';
import { codeOf, happened, LOOK } from './telling.js';

/** Milliseconds after which a list that is still stale is reported again. */
const STALE_STILL = 1_000;

/** The subscribed services. Reports each change, and picks from them all the time. */
export class Followed {
  picks: Picks = { picked: 0, failed: 0 };
  private readonly looking: NodeJS.Timeout;
  private readonly reported = new Map<string, { readonly stale: boolean; readonly at: number }>();

  constructor(
    private readonly application: string,
    private readonly discovery: DiscoveryService,
    private readonly services: readonly string[],
  ) {
    for (const service of services) {
      if (discovery.of(service).revision > 0) this.tellList(service);
      discovery.of(service).changes.subscribe(({ added, updated, removed }) => {
        this.tellList(service, { added: ids(added), updated: ids(updated), removed: ids(removed) });
      });
    }
    this.looking = setInterval(() => this.look(), LOOK);
  }

  stop(): void {
    clearInterval(this.looking);
  }

  private tellList(service: string, news?: ListNews): void {
    const { endpoints, revision, stale } = this.discovery.of(service);
    const seen = endpoints.map(({ id, meta }) => ({ id, meta }));
    happened(this.application, {
      kind: 'endpoints',
      service,
      endpoints: seen,
      revision,
      stale,
      ...(news ? { news } : {}),
    });
  }

  private look(): void {
    for (const service of this.services) {
      const { stale, age } = this.discovery.of(service);
      const reported = this.reported.get(service);
      if (stale !== reported?.stale || (stale && monotonic() - reported.at > STALE_STILL)) {
        this.reported.set(service, { stale, at: monotonic() });
        happened(this.application, {
          kind: 'freshness',
          service,
          stale,
          ...(age === undefined ? {} : { age }),
        });
      }
      this.pick(service);
    }
  }

  private pick(service: string): void {
    const { picked, failed } = this.picks;
    try {
      this.discovery.pick(service);
      this.picks = { picked: picked + 1, failed };
    } catch (error) {
      this.picks = { picked, failed: failed + 1 };
      happened(this.application, { kind: 'pick-failed', service, code: codeOf(error) });
    }
  }
}

function ids(endpoints: readonly { readonly id: string }[]): string[] {
  return endpoints.map(({ id }) => id);
}
