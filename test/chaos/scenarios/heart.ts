import { Keeper } from '../../../lib/heartbeat/keeper.js';
import { clockTicker } from '../../../lib/heartbeat/ticker.js';
import { systemClock } from '../../../lib/kernel/clock.js';
import { silentLogger } from '../../../lib/kernel/logger.js';
import { type Random } from '../../../lib/kernel/random.js';
import { type Registry } from '../../../lib/registry/registry.js';
import { registrySource } from '../../../lib/registry/url.js';
import { monotonic, until } from '../../harness/wait.js';
import { type Recorder } from '../recording/recorder.js';

/** Milliseconds between two looks at the heartbeat's own idea of its age. */
const LOOK = 10;

/** One key, kept alive by the library's own heartbeat. */
export class Heart {
  /** The longest the heartbeat went without an acknowledgement, in milliseconds, since {@link Heart.watchAge}. */
  longestSilence = 0;
  private readonly looking: NodeJS.Timeout;
  private ack = 0;

  private constructor(
    private readonly recorder: Recorder,
    private readonly registry: Registry,
    private readonly keeper: Keeper,
    readonly key: string,
  ) {
    this.looking = setInterval(() => this.look(), LOOK);
  }

  /** Resolves when the key stands in the registry. */
  static async start(
    recorder: Recorder,
    url: string,
    key: string,
    ttl: number,
    random: Random,
  ): Promise<Heart> {
    const deps = { clock: systemClock, random, logger: silentLogger };
    const registry = await registrySource(url, {}).open(deps);
    const keeper = new Keeper({ ...deps, registry, ticker: clockTicker(systemClock), name: 'chaos' });
    const heart = new Heart(recorder, registry, keeper, key);
    keeper.onEvent(({ type, reason }) => {
      if (type === 'lost' || type === 'restored') recorder.record(heart.who, { kind: 'state', state: type });
      else recorder.record(heart.who, { kind: 'note', text: reason ? `${type}: ${reason}` : type });
    });
    const item = { kind: 'key', key, value: 'here' } as const;
    const { first } = await keeper.keep(key, () => item, { ttl, updateInterval: ttl, exclusive: false });
    await first;
    return heart;
  }

  /** Its name in the recording. */
  get who(): string {
    return `heartbeat of ${this.key}`;
  }

  /** When the registry last acknowledged it, on the recording's clock; 0 before the first time. */
  get lastAck(): number {
    this.look();
    return this.ack;
  }

  /** Forgets how long it was silent before. */
  watchAge(): void {
    this.look();
    this.longestSilence = 0;
  }

  /** Resolves with the moment of the next acknowledgement after `since`. */
  async nextAck(since = monotonic(), deadline = 30_000): Promise<number> {
    await until(`an acknowledgement of ${this.key}`, () => this.lastAck > since, { deadline, every: LOOK });
    return this.lastAck;
  }

  async stop(): Promise<void> {
    clearInterval(this.looking);
    await this.keeper.close();
    await this.registry.close();
  }

  private look(): void {
    const age = this.keeper.beats[0]?.age;
    if (age === undefined) return;
    const ack = monotonic() - age;
    this.longestSilence = Math.max(this.longestSilence, age);
    // Two looks at the same acknowledgement differ by the rounding of two clocks.
    if (ack - this.ack < 1) return;
    this.ack = ack;
    this.recorder.record(this.who, { kind: 'note', text: 'acknowledged' }, ack);
  }
}
