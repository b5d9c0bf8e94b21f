import { monotonic, until } from '../../harness/wait.js';
import { type Application } from '../application/application.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from '../validators/finding.js';
import { type Stage } from './stage.js';

/** Checks that a process that discovers `service` sees its instances `one` and `two` within `deadline` milliseconds. */
export async function foundBoth(
  stage: Stage,
  reader: Application,
  service: string,
  deadline: number,
): Promise<Finding[]> {
  const last = (): string =>
    (
      ofKind(stage.recorder.events, 'endpoints')
        .filter(({ who }) => who === reader.name)
        .at(-1)?.endpoints ?? []
    )
      .map(({ id }) => id)
      .sort()
      .join();
  const found = await until('both to be found', () => last() === 'one,two', { deadline }).catch(() => false);
  if (found) return [];
  const text = `Expected one,two of "${service}" to be found, got ${last()}.`;
  return [{ promise: 'found by others', who: reader.name, at: monotonic(), text, timed: true }];
}
