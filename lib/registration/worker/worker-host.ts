import { type Registrar } from '../registrar.js';
import { type Clock, type Timer } from '../../common/clock.js';
import { failureOf, type Report, type Request } from './protocol.js';

/** Milliseconds between two status reports. */
const REPORT_INTERVAL_MS = 500;

/** Handles the requests of the main thread in the worker, with a registrar. */
export class WorkerHost {
  private readonly firsts = new Map<string, Promise<void>>();
  private readonly connections = new Map<number, () => void>();
  /** Ids that the application has paused itself. */
  private readonly paused = new Set<string>();
  private timer: Timer | undefined;

  constructor(
    private readonly registrar: Registrar,
    private readonly clock: Clock,
    private readonly report: (report: Report) => void,
  ) {
    registrar.onEvent((event) => {
      this.report({ kind: 'event', event });
      this.reportStatuses();
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

  /** Deregisters all entries while the main thread hangs. */
  async pauseAll(): Promise<void> {
    await Promise.all([...this.firsts.keys()].map((id) => this.registrar.pause(id)));
  }

  /** Registers all entries again after {@link WorkerHost.pauseAll}, except those that the application has paused. */
  resumeAll(): void {
    for (const id of this.firsts.keys()) if (!this.paused.has(id)) this.registrar.resume(id);
  }

  private async perform(request: Request): Promise<string | number | undefined> {
    const { registrar } = this;
    switch (request.kind) {
      case 'register': {
        const { id, first } = await registrar.register(request.key, () => request.record, request.options);
        this.firsts.set(id, first);
        return id;
      }
      case 'first':
        await this.firsts.get(request.id);
        return undefined;
      case 'value':
        await registrar.update(request.id, () => request.record);
        return undefined;
      case 'ttl':
        await registrar.ttl(request.id, request.seconds);
        return undefined;
      case 'update-interval':
        registrar.updateInterval(request.id, request.seconds);
        return undefined;
      case 'pause':
        this.paused.add(request.id);
        await registrar.pause(request.id);
        return undefined;
      case 'resume':
        this.paused.delete(request.id);
        registrar.resume(request.id);
        return undefined;
      case 'stop':
        this.firsts.delete(request.id);
        this.paused.delete(request.id);
        await registrar.stop(request.id);
        return undefined;
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
    }
  }

  private reportStatuses(): void {
    this.timer?.cancel();
    const statuses = this.registrar.statuses.map(({ key, state, age }) => ({ key, state, age }));
    this.report({ kind: 'statuses', statuses });
    this.timer = this.clock.after(REPORT_INTERVAL_MS, () => {
      this.reportStatuses();
    });
  }
}
