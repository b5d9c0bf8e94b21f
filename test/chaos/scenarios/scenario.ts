import { type Protection } from '../protection.js';
import { type Finding } from '../validators/finding.js';
import { type Stage } from './stage.js';

/** How much of a scenario is run. */
export interface Size {
  /** Faults in all, for scenarios that repeat one. */
  readonly kills: number;
  /** Minutes after which a scenario begins no further round; no limit by default. */
  readonly minutes?: number | undefined;
}

/** One promise put to the proof. */
export interface Scenario {
  /** `kill-members`: names the report and is what `--only` takes. */
  readonly name: string;
  /** The guarantee, in one sentence. */
  readonly promise: string;
  /** The protections that it proves necessary: without them, the scenario has findings. */
  readonly needs?: Readonly<Partial<Record<Protection, string>>>;
  /** Whether it needs the machine for itself: what it measures is spoilt by what is played beside it. */
  readonly alone?: boolean;
  /** Plays it, and returns what broke the promise. Figures go to `stage.figures`. */
  run(stage: Stage, size: Size): Promise<readonly Finding[]>;
}
