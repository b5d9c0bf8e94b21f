import { until } from '../../../harness/wait.js';
import { listsOf, membersOf } from '../../validators/lists.js';
import { type Stage } from '../stage.js';
import { type Marks } from './churn.js';

/** Milliseconds between two looks at the recording, which may be long. */
const LOOK = 50;

/** Waits until the last lists of all of these have these marks, at most `deadline` ms; whether they do is for judges. */
export async function seen(
  stage: Stage,
  apps: readonly string[],
  service: string,
  marks: Marks,
  deadline: number,
): Promise<void> {
  const has = (who: string): boolean => {
    const list = listsOf(stage.recorder.events, who, service).at(-1);
    const members = list && membersOf(list);
    return members !== undefined && Object.entries(marks).every(([id, mark]) => members[id] === mark);
  };
  await until('every list to have it', () => apps.every(has), { deadline, every: LOOK }).catch(
    () => undefined,
  );
}
