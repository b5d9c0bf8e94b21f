import { type Registrar, type Registration } from '../registrar.js';
import { type ElectionHost } from '../../election/worker/election-host.js';
import { type Clock, type Timer } from '../../common/clock.js';
import { entryKeyId, entryKeyOf } from '../../registry/entry-record.js';
import { type ConnectionState } from '../../registry/registry-pool.js';
import { failureOf } from './failure.js';
import { type Report, type Request, type Result } from './protocol.js';

/** Milliseconds between two status reports. */
const REPORT_INTERVAL_MS = 500;

/** Handles the requests of the main thread in the worker, with a registrar. */
export class WorkerHost {
  private readonly registrations = new Map<string, Registration>();
  private readonly connections = new Map<number, () => void>();
  /** Ids that the application has paused itself. */
  private readonly paused = new Set<string>();
  private timer: Timer | undefined;
  private soon = false;

  constructor(
    private readonly registrar: Registrar,
    private readonly clock: Clock,
    private readonly connection: () => ConnectionState,
    private readonly elections: Pick<ElectionHost, 'perform' | 'suspend' | 'resume'>,
    private readonly report: (report: Report) => void,
  ) {
    registrar.onEvent((event) => {
      this.report({ kind: 'event', event });
      this.reportSoon();
    });
    this.reportStatuses();
  }

  /** Performs a request and reports the answer. Never rejects. */
  async handle(number: number, request: Request): Promise<void> {
    try {
      const result = await this.perform(request);
      this.report({ kind: 'answer', number, ...(result === undefined ? {} : { result }) });
    } catch (error) {
      this.report({ kind: 'answer', number, failure: failureOf(error) });
    }
  }

  /** Deregisters all entries, and ends leadership, while the main thread hangs. */
  async pauseAll(): Promise<void> {
    this.elections.suspend();
    await Promise.all([...this.registrations.values()].map((registration) => registration.pause()));
  }

  /** Registers all entries again after {@link WorkerHost.pauseAll}, except those that the application has paused. */
  resumeAll(): void {
    this.elections.resume();
    for (const [id, registration] of this.registrations) if (!this.paused.has(id)) registration.resume();
  }

  private async perform(request: Request): Promise<Result> {
    const { registrar } = this;
    switch (request.kind) {
      case 'register': {
        const { key, record, options, paused } = request;
        const id = entryKeyId(entryKeyOf(record));
        this.registrations.set(id, await registrar.register(key, record, options, () => paused));
        if (paused) this.paused.add(id);
        return id;
      }
      case 'first':
        await this.registrations.get(request.id)?.first;
        return undefined;
      case 'value':
        await this.registrations.get(request.id)?.update(request.record);
        return undefined;
      case 'ttl':
        await this.registrations.get(request.id)?.setTtl(request.seconds);
        return undefined;
      case 'update-interval':
        this.registrations.get(request.id)?.setUpdateInterval(request.seconds);
        return undefined;
      case 'pause':
        this.paused.add(request.id);
        await this.registrations.get(request.id)?.pause();
        return undefined;
      case 'resume':
        this.paused.delete(request.id);
        this.registrations.get(request.id)?.resume();
        return undefined;
      case 'stop': {
        const registration = this.registrations.get(request.id);
        this.registrations.delete(request.id);
        this.paused.delete(request.id);
        await registration?.stop();
        return undefined;
      }
      case 'connect': {
        this.connections.set(request.connection, await registrar.connect(request.ttl));
        return undefined;
      }
      case 'disconnect':
        this.connections.get(request.connection)?.();
        this.connections.delete(request.connection);
        return undefined;
      case 'close':
        this.timer?.cancel();
        await registrar.close();
        this.timer?.cancel();
        return undefined;
      default:
        return await this.elections.perform(request);
    }
  }

  /** Events of many entries at the same moment cause one report. */
  private reportSoon(): void {
    if (this.soon) return;
    this.soon = true;
    this.timer?.cancel();
    this.timer = this.clock.after(0, () => {
      this.reportStatuses();
    });
  }

  private reportStatuses(): void {
    this.soon = false;
    this.timer?.cancel();
    const statuses = this.registrar.statuses.map(({ key, state, age, service, expiresIn }) => ({
      key,
      state,
      age,
      service,
      expiresIn,
    }));
    this.report({ kind: 'statuses', statuses, connection: this.connection() });
    this.timer = this.clock.after(REPORT_INTERVAL_MS, () => {
      this.reportStatuses();
    });
  }
}
