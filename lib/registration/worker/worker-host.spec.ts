import { type Registrar } from '../registrar.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { type Report, type Request } from './protocol.js';
import { WorkerHost } from './worker-host.js';

/** A keeper that only writes down what it is told. */
function scripted(told: string[]): Registrar {
  return {
    statuses: [],
    onEvent: () => () => undefined,
    register: (key) => Promise.resolve({ id: key, first: Promise.resolve() }),
    update: () => Promise.resolve(),
    updateInterval: () => undefined,
    ttl: () => Promise.resolve(),
    pause: (id) => {
      told.push(`pause ${id}`);
      return Promise.resolve();
    },
    resume: (id) => void told.push(`resume ${id}`),
    stop: () => Promise.resolve(),
    connect: () => Promise.resolve(() => void told.push('disconnect')),
    close: () => Promise.resolve(),
  };
}

describe('the keeper in the heartbeat thread', () => {
  const told: string[] = [];
  let reports: Report[] = [];
  let served: WorkerHost;

  beforeEach(() => {
    told.length = 0;
    reports = [];
    served = new WorkerHost(scripted(told), new VirtualClock(), (report) => reports.push(report));
  });

  const ask = async (...requests: Request[]): Promise<void> => {
    for (const [number, request] of requests.entries()) await served.handle(number, request);
  };
  const keep = (key: string): Request => ({
    kind: 'register',
    key,
    record: { kind: 'key', key, value: '' },
    options: { ttl: 2, updateInterval: 1, exclusive: false },
  });

  it('leaves paused, after a hang, what the application had paused before', async () => {
    await ask(keep('a'), keep('b'), keep('c'), { kind: 'pause', id: 'a' }, { kind: 'pause', id: 'b' });
    await ask({ kind: 'resume', id: 'b' });
    await served.pauseAll();
    told.length = 0;
    served.resumeAll();
    expect(told).toEqual(['resume b', 'resume c']);
  });

  it('ends the very connection it is asked to end', async () => {
    await ask({ kind: 'connect', ttl: 2, connection: 7 }, { kind: 'disconnect', connection: 1 });
    expect(told).toEqual([]);
    await ask({ kind: 'disconnect', connection: 7 });
    expect(told).toEqual(['disconnect']);
    expect(reports.filter((report) => 'failure' in report)).toEqual([]);
  });
});
