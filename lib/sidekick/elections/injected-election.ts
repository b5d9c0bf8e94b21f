import { type Observable } from 'rxjs';
import {
  type CampaignOptions,
  type Election,
  type ElectionChange,
  type Leader,
  type LeaderRun,
} from '../../election/election.js';

/** Gets the election and makes this instance a candidate. */
export interface ElectionSource {
  /** @throws InvalidOptionError without a name where no service is registered */
  get(): Election;
  /** Campaigns, unless it has done so before. */
  candidate(election: Election): void;
}

/**
 * The election that a token injects. Each application provides one for every name that code of the process uses, so it
 * observes nothing before its first use.
 */
export class InjectedElection implements Election {
  private found: Election | undefined;

  constructor(private readonly source: ElectionSource) {}

  get name(): string {
    return this.election.name;
  }

  get isLeader(): boolean {
    return this.election.isLeader;
  }

  get term(): string | undefined {
    return this.election.term;
  }

  get leader(): Leader | undefined {
    return this.election.leader;
  }

  get changes(): Observable<ElectionChange> {
    return this.election.changes;
  }

  get signal(): AbortSignal {
    return this.election.signal;
  }

  campaign(options?: CampaignOptions): void {
    this.election.campaign(options);
  }

  async resign(): Promise<void> {
    await this.election.resign();
  }

  begin(label?: string): LeaderRun | undefined {
    // At the boot for all but the classes of a module that was loaded later.
    this.source.candidate(this.election);
    return this.election.begin(label);
  }

  private get election(): Election {
    this.found ??= this.source.get();
    return this.found;
  }
}
