import { attempt } from '../kernel/deadline.js';
import { type Item, type Slot, slotLabel } from '../registry/item.js';
import { type Entry, type Session, type Written } from '../registry/registry.js';
import { type HeartbeatDeps } from './session-runner.js';

/** Milliseconds one read or write of an entry may take. */
const TIMEOUT = 2_000;

/** What is asked of a registry about one slot, each in its time. */
export class SlotRequests {
  /** @param signal ends whatever is going on */
  constructor(
    private readonly deps: HeartbeatDeps,
    private readonly slot: Slot,
    private readonly signal: AbortSignal,
  ) {}

  async read(): Promise<Entry | undefined> {
    const { registry } = this.deps;
    const { entries } = await this.request('Reading', (signal) => registry.list(this.slot, signal));
    return entries[0];
  }

  /** @param version what has to stand there; undefined: nothing */
  async write(session: Session, item: Item, version: string | undefined): Promise<Written> {
    return await this.request('Writing', (signal) => session.write(item, version, signal));
  }

  /** @param version what has to stand there; undefined: whatever is of `session` */
  async remove(session: Session, version: string | undefined): Promise<void> {
    await this.request('Removing', (signal) => session.remove(this.slot, signal, version));
  }

  private async request<T>(doing: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, registry } = this.deps;
    const what = `${doing} the ${slotLabel(this.slot)} at ${registry.url}`;
    return await attempt({ clock, timeout: TIMEOUT, signal: this.signal, what }, run);
  }
}
