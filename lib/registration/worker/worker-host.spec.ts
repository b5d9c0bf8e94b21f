import { type Registrar } from '../registrar.js';
import { entryKeyId } from '../../registry/entry-record.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { type Report, type Request } from './protocol.js';
import { WorkerHost } from './worker-host.js';

/** A registrar that only records the calls. */
function scripted(calls: string[]): Registrar {
  return {
    statuses: [],
    onEvent: () => () => undefined,
    register: (key, _source, _options, isPaused) => {
      if (isPaused?.() === true) calls.push(`paused ${key}`);
      return Promise.resolve({
        status: { key, state: 'alive', lastAck: undefined, age: undefined },
        first: Promise.resolve(),
        update: () => Promise.resolve(),
        setUpdateInterval: () => undefined,
        setTtl: () => Promise.resolve(),
        pause: () => {
          calls.push(`pause ${key}`);
          return Promise.resolve();
        },
        resume: () => void calls.push(`resume ${key}`),
        stop: () => Promise.resolve(),
      });
    },
    connect: () => Promise.resolve(() => void calls.push('disconnect')),
    close: () => Promise.resolve(),
  };
}

describe('WorkerHost', () => {
  const calls: string[] = [];
  let reports: Report[] = [];
  let host: WorkerHost;

  beforeEach(() => {
    calls.length = 0;
    reports = [];
    host = new WorkerHost(
      scripted(calls),
      new VirtualClock(),
      () => ({ driver: 'memory', connected: true }),
      {
        perform: ({ kind }) => {
          calls.push(kind);
          return Promise.resolve(undefined);
        },
        suspend: () => void calls.push('suspend elections'),
        resume: () => void calls.push('resume elections'),
      },
      (report) => reports.push(report),
    );
  });

  const handle = async (...requests: Request[]): Promise<void> => {
    for (const [number, request] of requests.entries()) await host.handle(number, request);
  };
  const idOf = (key: string): string => entryKeyId({ kind: 'key', key });
  const register = (key: string, paused = false): Request => ({
    kind: 'register',
    key,
    record: { kind: 'key', key, value: '' },
    options: { ttl: 2, updateInterval: 1, exclusive: false },
    paused,
  });

  it('does not resume, after a hang, entries that the application has paused', async () => {
    await handle(
      register('a'),
      register('b'),
      register('c'),
      { kind: 'pause', id: idOf('a') },
      { kind: 'pause', id: idOf('b') },
    );
    await handle({ kind: 'resume', id: idOf('b') });
    await host.pauseAll();
    expect(calls).toContain('suspend elections');
    calls.length = 0;
    host.resumeAll();
    expect(calls).toEqual(['resume elections', 'resume b', 'resume c']);
  });

  it('starts an entry paused that was registered during a pause, and leaves it so after a hang', async () => {
    await handle(register('a', true), register('b'));
    expect(calls).toEqual(['paused a']);
    await host.pauseAll();
    calls.length = 0;
    host.resumeAll();
    expect(calls).toEqual(['resume elections', 'resume b']);
  });

  it('passes requests about elections on', async () => {
    await handle({ kind: 'observe-lock', lock: 'a' });
    expect(calls).toEqual(['observe-lock']);
  });

  it('ends only the requested connection', async () => {
    await handle({ kind: 'connect', ttl: 2, connection: 7 }, { kind: 'disconnect', connection: 1 });
    expect(calls).toEqual([]);
    await handle({ kind: 'disconnect', connection: 7 });
    expect(calls).toEqual(['disconnect']);
    expect(reports.filter((report) => 'failure' in report)).toEqual([]);
  });
});
