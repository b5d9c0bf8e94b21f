import { type Sidekick } from '../../../lib/index.js';
import { type RegisteredKey } from '../../../lib/sidekick/registered-entry.js';
import { monotonic } from '../../harness/wait.js';
import { type KeptSettings } from './settings.js';
import { happened, LOOK } from './telling.js';

/** The registered keys. Reports each event of the library about them, and each acknowledgement. */
export class Hearts {
  private readonly kept = new Map<string, RegisteredKey>();
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

  private look(): void {
    for (const { key, age } of this.sidekick.beats) {
      if (age === undefined) continue;
      const ack = monotonic() - age * 1_000;
      // Two looks at the same acknowledgement differ by the rounding of two clocks.
      if (ack - (this.acks.get(key) ?? 0) < 1) continue;
      this.acks.set(key, ack);
      happened(this.nameOf(key), { kind: 'acknowledged' }, ack);
    }
  }
}
