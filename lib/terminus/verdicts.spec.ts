import { type RegistrationState, type RegistrationStatus } from '../registration/registration-status.js';
import { heartbeatVerdict, type HeartbeatState } from './heartbeat-verdict.js';
import { servicesVerdict, type ServiceState } from './services-verdict.js';

function beat(state: RegistrationState, key = 'k'): RegistrationStatus {
  return { key, state, lastAck: undefined, age: state === 'starting' ? undefined : 1.234 };
}

function heartbeat(changes: Partial<HeartbeatState>): ReturnType<typeof heartbeatVerdict> {
  const known: HeartbeatState = {
    enabled: true,
    leaving: false,
    unreachable: false,
    beats: [],
    notReady: new Map(),
    lost: new Map(),
    returning: new Set(),
  };
  return heartbeatVerdict({ ...known, ...changes });
}

describe('heartbeatVerdict', () => {
  it.each<[string, Partial<HeartbeatState>, string]>([
    ['alive', { beats: [beat('alive')] }, 'up'],
    ['a renewal that failed', { beats: [beat('late')] }, 'degraded'],
    ['not registered yet', { beats: [beat('starting')] }, 'up'],
    ['paused', { beats: [beat('paused')] }, 'up'],
    ['nothing to register yet', {}, 'up'],
    ['not enabled', { enabled: false }, 'up'],
    ['leaving', { leaving: true, beats: [beat('alive')] }, 'down'],
    ['leaving while the registry is away', { leaving: true, unreachable: true }, 'down'],
    ['expired while the registry is away', { beats: [beat('lost')], unreachable: true }, 'degraded'],
    [
      'deleted, and then the registry is away',
      { beats: [beat('lost')], unreachable: true, lost: new Map([['k', 'deleted']]) },
      'degraded',
    ],
    ['deleted', { beats: [beat('lost')], lost: new Map([['k', 'deleted']]) }, 'down'],
    ['taken over', { beats: [beat('standby')], lost: new Map([['k', 'taken-over']]) }, 'down'],
    [
      'expired although the registry answers: it refuses',
      { beats: [beat('lost')], lost: new Map([['k', 'expired']]) },
      'down',
    ],
    [
      'expired, with renewals in a thread',
      { beats: [beat('lost')], unreachable: undefined, lost: new Map([['k', 'expired']]) },
      'degraded',
    ],
    [
      'expired, and the registry has just come back',
      { beats: [beat('lost')], lost: new Map([['k', 'expired']]), returning: new Set(['k']) },
      'degraded',
    ],
    ['one of several', { beats: [beat('alive', 'a'), beat('lost', 'b'), beat('late', 'c')] }, 'down'],
  ])('%s', (_name, state, status) => {
    expect(heartbeat(state).status).toBe(status);
  });

  it('gives the reason and the age, under the key', () => {
    expect(heartbeat({ beats: [beat('lost', 'status')], lost: new Map([['status', 'deleted']]) })).toEqual({
      status: 'down',
      details: {
        registrations: { status: { state: 'down', registered: false, age: 1.2, reason: 'deleted' } },
      },
    });
    expect(heartbeat({ leaving: true })).toEqual({ status: 'down', details: { reason: 'leaving' } });
  });

  it('names the reason of an instance that is not ready', () => {
    const notReady = new Map([['web/1', '`ready` returned false']]);
    expect(heartbeat({ beats: [beat('paused', 'web/1')], notReady })).toMatchObject({
      status: 'up',
      details: { registrations: { 'web/1': { registered: false, reason: '`ready` returned false' } } },
    });
  });

  it('shows 50 names, the worst first', () => {
    const beats = Array.from({ length: 99 }, (_, i) => beat('alive', `k${i}`));
    const { details } = heartbeat({ beats: [...beats, beat('lost', 'worst')] });
    const names = Object.keys(details.registrations as object);
    expect([names.length, names[0], details.more]).toEqual([50, 'worst', 50]);
  });
});

describe('servicesVerdict', () => {
  const fresh: ServiceState = { endpoints: 2, stale: false, answered: true, age: 0.5 };

  it.each<[string, ServiceState | undefined, boolean, string]>([
    ['fresh', fresh, true, 'up'],
    ['stale', { ...fresh, stale: true }, true, 'degraded'],
    ['empty, and named', { ...fresh, endpoints: 0 }, true, 'down'],
    ['empty, and not named', { ...fresh, endpoints: 0 }, false, 'up'],
    ['empty while the registry is away', { ...fresh, endpoints: 0, stale: true }, true, 'degraded'],
    ['never answered', { ...fresh, endpoints: 0, answered: false, age: undefined }, true, 'degraded'],
    ['unknown', undefined, true, 'down'],
  ])('%s', (_name, state, required, status) => {
    expect(servicesVerdict(new Map([['web', state]]), required).status).toBe(status);
  });

  it('keeps the names of services below a member of its own', () => {
    const names = ['status', '__proto__', 'constructor'];
    const { details } = servicesVerdict(new Map(names.map((name) => [name, fresh])), true);
    expect(Object.getOwnPropertyNames(details.services as object)).toEqual(names);
    expect(Object.keys(details)).toEqual(['services']);
  });
});
