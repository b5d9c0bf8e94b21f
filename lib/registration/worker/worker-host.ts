import { type Registrar } from '../registrar.js';
import { type Clock, type Timer } from '../../common/clock.js';
import { failureOf, type Report, type Request } from './protocol.js';

/** Milliseconds between two reports of the beats. */
const REPORT_INTERVAL = 500;

/** Does with a keeper what the main thread asks for. */
export class WorkerHost {
  private readonly firsts = new Map<string, Promise<void>>();
  private readonly connections = new Map<number, () => void>();
  /** What the application has withdrawn itself, and wants to stay so. */
  private readonly paused = new Set<string>();
  private timer: Timer | undefined;

  constructor(
    private readonly keeper: Registrar,
    private readonly clock: Clock,
    private readonly report: (report: Report) => void,
  ) {
    keeper.onEvent((event) => {
      this.report({ kind: 'event', event });
      this.reportBeats();
    });
    this.reportBeats();
  }

  async handle(number: number, request: Request): Promise<void> {
    try {
      const result = await this.perform(request);
      this.report({ kind: 'answer', number, ...(result === undefined ? {} : { result }) });
    } catch (error) {
      this.report({ kind: 'answer', number, failure: failureOf(error) });
    }
  }

  /** Takes everything out of the registry while the main thread hangs. */
  async pauseAll(): Promise<void> {
    await Promise.all([...this.firsts.keys()].map((id) => this.keeper.pause(id)));
  }

  /** Puts back what {@link WorkerHost.pauseAll} took out. */
  resumeAll(): void {
    for (const id of this.firsts.keys()) if (!this.paused.has(id)) this.keeper.resume(id);
  }

  private async perform(request: Request): Promise<string | number | undefined> {
    const { keeper } = this;
    switch (request.kind) {
      case 'keep': {
        const { id, first } = await keeper.keep(request.key, () => request.record, request.options);
        this.firsts.set(id, first);
        return id;
      }
      case 'first':
        await this.firsts.get(request.id);
        return undefined;
      case 'value':
        await keeper.value(request.id, () => request.record);
        return undefined;
      case 'ttl':
        await keeper.ttl(request.id, request.seconds);
        return undefined;
      case 'update-interval':
        keeper.updateInterval(request.id, request.seconds);
        return undefined;
      case 'pause':
        this.paused.add(request.id);
        await keeper.pause(request.id);
        return undefined;
      case 'resume':
        this.paused.delete(request.id);
        keeper.resume(request.id);
        return undefined;
      case 'stop':
        this.firsts.delete(request.id);
        this.paused.delete(request.id);
        await keeper.stop(request.id);
        return undefined;
      case 'connect': {
        this.connections.set(request.connection, await keeper.connect(request.ttl));
        return undefined;
      }
      case 'disconnect':
        this.connections.get(request.connection)?.();
        this.connections.delete(request.connection);
        return undefined;
      case 'close':
        this.timer?.cancel();
        await keeper.close();
        this.timer?.cancel();
        return undefined;
    }
  }

  private reportBeats(): void {
    this.timer?.cancel();
    const beats = this.keeper.beats.map(({ key, state, age }) => ({ key, state, age }));
    this.report({ kind: 'beats', beats });
    this.timer = this.clock.after(REPORT_INTERVAL, () => {
      this.reportBeats();
    });
  }
}
