import { type Clock, type Timer } from '../common/clock.js';
import { type EtcdCaller } from './request.js';

const UPDATE_INTERVAL_MS = 30_000;

/** A client whose pin can be moved. The transport implements it. */
export interface Pinnable extends EtcdCaller {
  readonly endpoints: readonly string[];
  /** Pins an endpoint. */
  pin(endpoint: string): void;
  /** Calls `listener` when the client is closed. */
  onClose(listener: (error: Error) => void): void;
}

/**
 * Pins the endpoint of the cluster's leader, from {@link LeaderPin.start} until the client is closed, and updates the pin
 * every 30 s. It reads the status of each endpoint rather than the members' client URLs, since endpoints may have other
 * names than these URLs. The list of endpoints stays as it was given.
 */
export class LeaderPin {
  private timer: Timer | undefined;
  private closed = false;

  constructor(
    private readonly client: Pinnable,
    private readonly clock: Clock,
  ) {}

  start(): void {
    this.client.onClose(() => {
      this.closed = true;
      this.timer?.cancel();
    });
    void this.update();
  }

  private async update(): Promise<void> {
    // An endpoint that does not answer is not pinned. Requests report its error.
    await Promise.all(
      this.client.endpoints.map(async (endpoint) => {
        if (await this.leads(endpoint).catch(() => false)) this.client.pin(endpoint);
      }),
    );
    if (this.closed) return;
    this.timer = this.clock.after(UPDATE_INTERVAL_MS, () => void this.update());
  }

  private async leads(endpoint: string): Promise<boolean> {
    const { header, leader } = await this.client.callOne(endpoint, {
      what: 'reading the status of a member',
      command: () => ['endpoint', 'status'],
      requireLeader: false,
      run: async ({ maintenance }, options) => await maintenance.status(options),
    });
    return leader !== '0' && leader === header.member_id;
  }
}
