import { MAX_SECONDS } from '../common/clock.js';
import { parseJsonObject } from '../common/json-object.js';
import { type Logger } from '../common/logger.js';
import { type RegistryEntry } from '../registry/registry.js';

/** Seconds up to which no wait is worth a warning. */
const USUAL_SECONDS = 3_600;

/** What a {@link LongWaitWarning} is about. */
export interface LongWaitSubject {
  /** Such as `election "job" in etcd://10.0.0.1:2379/`. */
  readonly label: string;
  /** The field of the record that states the seconds. */
  readonly field: 'ttl' | 'remaining';
  /** The rest of the sentence about a time that is respected, and what to do. */
  readonly respected: (own: number) => string;
  /** The rest of the sentence about a time that is not: when the record is gone. */
  readonly refused: (own: number) => string;
}

/**
 * Warns once of a record that others have to wait for unusually long: it may be a mistake of the hand that wrote it, and a
 * job that never runs is not noticed otherwise.
 */
export class LongWaitWarning {
  private entry: RegistryEntry | undefined;
  private checked: string | undefined;
  private warned: string | undefined;

  constructor(
    private readonly logger: Logger,
    private readonly subject: LongWaitSubject,
  ) {}

  /** Notes the content of the key. */
  see(entry: RegistryEntry | undefined): void {
    this.entry = entry;
  }

  /**
   * Called where this process waits for the record that was seen last.
   *
   * @param usual seconds that this process expects to wait at most
   * @param own seconds for which a record of another program is respected
   */
  check(usual: number, own: number): void {
    const { entry, subject } = this;
    if (!entry || entry.version === this.checked) return;
    this.checked = entry.version;
    const stated = statedSeconds(entry, subject.field);
    // The version changes with every sign of life of the holder, the create revision does not.
    const id = `${entry.createRevision ?? entry.version} ${stated}`;
    if (stated === undefined || stated <= Math.max(USUAL_SECONDS, usual) || id === this.warned) return;
    this.warned = id;
    const what = `The record of the ${subject.label} states a \`${subject.field}\` of ${stated} s`;
    this.logger.warn(
      stated > MAX_SECONDS
        ? `${what}, above the ${MAX_SECONDS} s that an instance can have. It is taken for a record of another program, ${subject.refused(own)}.`
        : `${what}, ${subject.respected(own)}`,
    );
  }
}

/** The seconds that a record states, believed or not; undefined for a released record and for another value. */
function statedSeconds({ record }: RegistryEntry, field: LongWaitSubject['field']): number | undefined {
  const parsed = record.kind === 'key' ? parseJsonObject(record.value) : undefined;
  const { [field]: stated, released } = parsed ?? {};
  return typeof stated === 'number' && released !== true ? stated : undefined;
}
