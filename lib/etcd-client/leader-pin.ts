import { type Clock, type Timer } from '../common/clock.js';
import { type EtcdCaller } from './request.js';

/** Milliseconds between two looks for the leader. */
const UPDATE_INTERVAL_MS = 30_000;

/** The client whose pin follows the leader; the transport is one. */
export interface Pinnable extends EtcdCaller {
  readonly endpoints: readonly string[];
  /** Pins an endpoint. */
  pin(endpoint: string): void;
  /** Calls `run` when the client is closed. */
  onClose(run: (error: Error) => void): void;
}

/**
 * Pins the endpoint that leads the cluster, from {@link LeaderPin.start} until the client is closed, and looks for it
 * again every 30 s. Each endpoint is asked for its own status, so that endpoints under other names than the members'
 * client URLs can be pinned. The endpoints stay as they were given.
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
    // Endpoints that do not answer are no leader; requests report their errors.
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
