import { type Sidekick } from '../../../lib/index.js';
import { type RegisteredKey } from '../../../lib/sidekick/registered-entry.js';
import { monotonic } from '../../harness/wait.js';
import { type KeptSettings } from './settings.js';
import { happened, LOOK } from './telling.js';

/** The registered keys. Reports each event of the library about them, and each acknowledgement. */
export class Hearts {
  private readonly kept = new Map<string, RegisteredKey>();
  /** The latest moment at which the last acknowledgement of each key can have been. */
  private readonly acks = new Map<string, number>();
  private readonly looking: NodeJS.Timeout;

  constructor(
    private readonly application: string,
    private readonly sidekick: Sidekick,
  ) {
    sidekick.events.subscribe(({ type, key, reason }) => {
      if (type === 'lost' || type === 'restored')
        happened(this.nameOf(key), { kind: 'state', state: type, ...(reason ? { reason } : {}) });
      else happened(this.nameOf(key), { kind: 'note', text: type });
    });
    this.looking = setInterval(() => this.look(), LOOK);
  }

  async keep({ key, value = 'here', ...keeping }: KeptSettings): Promise<void> {
    this.kept.set(key, await this.sidekick.keep(key, value, keeping));
    this.look();
  }

  of(key: string): RegisteredKey {
    const kept = this.kept.get(key);
    if (!kept) throw new Error(`Expected a key that is kept, got "${key}".`);
    return kept;
  }

  stop(): void {
    clearInterval(this.looking);
  }

  /** The name of one key's heartbeat in the recording. */
  private nameOf(key: string): string {
    return `${this.application}: ${key}`;
  }

  /** An age is read between two looks at the clock, between which the process may have waited for a processor. */
  private look(): void {
    const before = monotonic();
    const { beats } = this.sidekick;
    const after = monotonic();
    for (const { key, age } of beats) {
      if (age === undefined) continue;
      const earliest = before - age * 1_000;
      const latest = after - age * 1_000;
      const known = this.acks.get(key) ?? 0;
      // Two looks at the same acknowledgement differ by the rounding of two clocks, too.
      const isNew = earliest - known >= 1;
      this.acks.set(key, isNew ? latest : Math.min(known, latest));
      if (isNew) happened(this.nameOf(key), { kind: 'acknowledged' }, earliest);
    }
  }
}
