import { Inject, Injectable } from '@nestjs/common';
import { type ElectionName } from '../../common/declared-names.js';
import { InvalidOptionError } from '../../common/errors/index.js';
import { checkName } from '../../common/names.js';
import { type ContainerPilotConfig } from '../../containerpilot/config.js';
import { type ElectionClient, type ElectionStatus } from '../../election/election-client.js';
import { type Election } from '../../election/election.js';
import { type Acquired, type AcquireOptions } from '../../election/locks.js';
import { plannedServices } from '../planned-service.js';
import { InjectedElection } from './injected-election.js';
import { type SidekickModuleOptions } from '../sidekick.options.js';
import { SIDEKICK_CONFIG, SIDEKICK_ELECTIONS, SIDEKICK_OPTIONS } from '../sidekick.tokens.js';

/**
 * The elections of all instances that use the same registry. Injectable in every module once the root module imports
 * `SidekickModule`.
 */
@Injectable()
export class Elections {
  /** Private by `#`, so that printing this object shows no password of a registry's URL. */
  readonly #options: SidekickModuleOptions;
  readonly #client: ElectionClient;
  private readonly candidates = new Set<Election>();

  constructor(
    @Inject(SIDEKICK_OPTIONS) options: SidekickModuleOptions,
    @Inject(SIDEKICK_CONFIG) private readonly config: ContainerPilotConfig | undefined,
    @Inject(SIDEKICK_ELECTIONS) client: ElectionClient,
  ) {
    this.#options = options;
    this.#client = client;
  }

  /**
   * The election of this name, the same object each time. It is observed from now on; this instance becomes a candidate by
   * `campaign()` or a decorator.
   *
   * @param name Name of the election.
   * @default the name of the registered service
   * @throws InvalidOptionError when `name` is not a valid name, or is left out where not exactly one service is registered
   * @throws RegistryRefusedError for a read-only registry
   */
  of(name?: ElectionName): Election {
    const resolved = name ?? this.defaultName();
    checkName('name', resolved);
    return this.#client.of(resolved);
  }

  /** The state of every election that this application uses, for diagnostics. */
  dump(): readonly ElectionStatus[] {
    return this.#client.dump();
  }

  /** @internal The election of a token, which is observed from its first use on. */
  injected(name: string | undefined): Election {
    return new InjectedElection({
      get: () => this.of(name),
      candidate: (election) => {
        this.candidate(election);
      },
    });
  }

  /** @internal Makes this instance a candidate for a decorated method. After `resign()` it stays resigned. */
  candidate(election: Election): void {
    if (this.candidates.has(election)) return;
    this.candidates.add(election);
    election.campaign();
  }

  /** @internal Observes the lock of a method with `@Locked`. */
  observeLock(name: string): void {
    this.#client.locks.observe(name);
  }

  /** @internal Takes the lock for one run. */
  acquireLock(name: string, options: AcquireOptions): Promise<Acquired> {
    return this.#client.locks.acquire(name, options);
  }

  private defaultName(): string {
    const { enabled, service } = this.#options;
    const planned =
      enabled === false && service
        ? [service.name]
        : plannedServices(this.#options, this.config).map((each) => each.service.name);
    const names = [...new Set(planned)];
    const [name] = names;
    if (name !== undefined && names.length === 1) return name;
    const got = name === undefined ? 'none' : names.map((each) => JSON.stringify(each)).join(' and ');
    throw new InvalidOptionError(
      `Expected one registered service whose name an election without a name takes, got ${got}. Name the election, as in @LeaderOnly('reports'), or set \`service\` of SidekickModule.`,
    );
  }
}
