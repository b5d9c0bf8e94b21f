import { ConsulReader, type HealthReading } from '../../../harness/consul-reader.js';
import { type ConsulAgent } from '../../../harness/consul.js';
import { type Stage } from '../stage.js';

/** The names in the recording of an instance's entry in the catalogue, and of its passing health. */
export const listed = (id: string): string => `${id} is listed`;
export const passing = (id: string): string => `${id} passes`;

/**
 * Reads the health of a service all the time until the returned function is called. Of each instance the recording then
 * has two readings a look: whether it is listed, and whether it passes.
 */
export function watchHealth(stage: Stage, consul: ConsulAgent, service: string, ids: readonly string[]) {
  const reader = ConsulReader.start(consul, service);
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => (ending ??= take(stage, reader, service, ids));
  stage.atEnd(end);
  return end;
}

async function take(
  stage: Stage,
  reader: ConsulReader,
  service: string,
  ids: readonly string[],
): Promise<void> {
  const readings = await reader.stop();
  const answered = readings.filter((reading) => reading.kind === 'read');
  for (const reading of answered) for (const id of ids) record(stage, reading, id);
  stage.figures[`reads of ${service}`] =
    `${answered.length} answered, ${readings.length - answered.length} not`;
}

function record(stage: Stage, reading: Extract<HealthReading, { kind: 'read' }>, id: string): void {
  const { began, ended, revision, instances } = reading;
  const found = instances.find((instance) => instance.id === id);
  for (const [key, present] of [
    [listed(id), found !== undefined],
    [passing(id), found?.passing === true],
  ] as const)
    stage.recorder.record('reader', { kind: 'reading', key, began, present, revision }, ended);
}
