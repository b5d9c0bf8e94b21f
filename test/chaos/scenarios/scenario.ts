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
  /** What must hold, in one sentence. */
  readonly promise: string;
  /** Plays it, and returns what broke the promise. Figures go to `stage.figures`. */
  run(stage: Stage, size: Size): Promise<readonly Finding[]>;
}
