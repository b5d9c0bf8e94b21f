import { type OutlierDetectionOptions } from '../../../lib/balancing/outliers/outlier-options.js';
import { type Endpoint } from '../../../lib/discovery/endpoint.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { until } from '../../harness/wait.js';
import { type Answer, type Instance, saying, World } from './support.js';

const SERVICE = 'web';
const CALLERS = 4;

/** Milliseconds of an answer, so that calls overlap. */
const ANSWER_MS = 5;

/** An instance that can fail every call. */
class Patient {
  fails = true;

  readonly answer: Answer = (request, response) => {
    request.resume();
    const { fails } = this;
    setTimeout(() => response.writeHead(fails ? 500 : 200).end(), ANSWER_MS);
  };
}

describe('outlier detection with real servers', () => {
  let world: World;
  let lines: string[];
  let call: () => Promise<number>;
  let candidates: () => readonly Endpoint[];
  let panic: () => boolean;

  beforeEach(() => {
    world = new World();
    lines = [];
  });
  afterEach(async () => {
    await world.end();
  });

  async function boot(outlierDetection: OutlierDetectionOptions): Promise<void> {
    const write = (line: string): void => void lines.push(line);
    const { http, discovery } = await world.boot({
      services: [{ name: SERVICE, outlierDetection, retry: false }],
      logger: { ...silentLogger, log: write, warn: write },
    });
    const handle = discovery.of(SERVICE);
    call = async () => {
      const response = await http.fetch(`http://${SERVICE}/`);
      await response.text();
      return response.status;
    };
    candidates = () => handle.candidates;
    panic = () => handle.panic;
  }

  /** Calls with several callers until the condition holds. */
  async function callUntil(what: string, holds: () => boolean): Promise<void> {
    let isOver = false;
    const callers = Array.from({ length: CALLERS }, async () => {
      while (!isOver) {
        await call();
        // At once: an ejection may be over before the next look of a busy machine.
        isOver ||= holds();
      }
    });
    try {
      await until(what, () => isOver || holds());
    } finally {
      isOver = true;
      await Promise.all(callers);
    }
  }

  it.each([2, 3, 5])(
    'ejects the one of %i instances that fails, tries it again, and takes it back when it is well',
    async (instances) => {
      const patient = new Patient();
      const sick = await world.serve(SERVICE, 'sick', patient.answer);
      for (let other = 1; other < instances; other++) await world.serve(SERVICE, `i${other}`, saying('ok'));
      await boot({ baseEjectionTime: 0.5 });
      // An ejection needs another endpoint whose last call has succeeded.
      for (let warmUp = 0; warmUp < instances; warmUp++) await call();
      await callUntil('the ejection', () => candidates().length === instances - 1);
      expect(sick.requests).toBeLessThanOrEqual(5 + CALLERS);
      expect(lines[0]).toMatch(
        /^Ejected endpoint "sick" \(.*\) of service "web" for 0\.[56] s after 5 failed calls in a row/,
      );
      const before = sick.requests;
      await until('the end of the ejection', () => candidates().length === instances);
      expect(sick.requests).toBe(before);
      // On its return one failure is enough.
      await callUntil('the next ejection', () => candidates().length === instances - 1);
      expect(sick.requests - before).toBeLessThanOrEqual(1 + CALLERS);
      patient.fails = false;
      await until('the end of the next ejection', () => candidates().length === instances);
      const returned = sick.requests;
      await callUntil('calls to the healed instance', () => sick.requests > returned + 10);
      expect(candidates()).toHaveLength(instances);
    },
  );

  it('picks all instances again when fewer than half are healthy, and says so', async () => {
    const patients: Patient[] = [];
    const sick: Instance[] = [];
    for (const id of ['a', 'b', 'c']) {
      const patient = new Patient();
      patients.push(patient);
      sick.push(await world.serve(SERVICE, id, patient.answer));
    }
    for (const id of ['d', 'e']) await world.serve(SERVICE, id, saying('ok'));
    await boot({ baseEjectionTime: 60, maxEjectionPercent: 100 });
    await callUntil('all to be picked', () => panic());
    expect(candidates()).toHaveLength(5);
    const before = sick.map(({ requests }) => requests);
    for (let calls = 0; calls < 10; calls++) await call();
    sick.forEach(({ requests }, index) => {
      expect(requests).toBeGreaterThan(before[index]!);
    });
    expect(lines).toContain(
      'Service "web" has 2 healthy of 5 endpoints, below `panicThreshold` (50 %): picking all of them, ejected or not.',
    );
  });
});
