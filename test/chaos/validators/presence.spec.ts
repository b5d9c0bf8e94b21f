import { type Event } from '../recording/event.js';
import { Recorder } from '../recording/recorder.js';
import { awayDuring, backWithin, goneSince, noGap, type PresenceOptions, sameLease } from './presence.js';
import { everyCallAnswered, exactStates, restoredWithin } from './states.js';

/** Readings of key `k`, 10 ms long, one every 50 ms: `+` present, `-` absent, a letter is present with that lease. */
function readings(signs: string): readonly Event[] {
  const recorder = new Recorder(() => 0);
  for (let i = 0; i < signs.length; i++) {
    const sign = signs.charAt(i);
    const began = i * 50;
    const seen = sign === '-' ? { present: false } : { present: true, lease: sign === '+' ? 'x' : sign };
    recorder.record('reader', { kind: 'reading', key: 'k', began, revision: i, ...seen }, began + 10);
  }
  return recorder.events;
}

describe('no gap', () => {
  it.each<[string, PresenceOptions]>([
    ['++++', {}],
    ['--++', {}],
    ['++--', { during: { from: 0, to: 70 } }],
    ['+--+', { except: [{ from: 55, to: 105 }] }],
  ])('holds for %s with %j', (signs, options) => {
    expect(noGap(readings(signs), 'k', options)).toEqual([]);
  });

  it.each<[string, PresenceOptions, number]>([
    ['++-+', {}, 1],
    ['++--', {}, 2],
    ['----', {}, 1],
    ['', {}, 1],
    ['--++', { during: { from: 0, to: 200 } }, 2],
    ['+---', { except: [{ from: 55, to: 105 }] }, 1],
  ])('fails for %s with %j', (signs, options, count) => {
    expect(noGap(readings(signs), 'k', options)).toHaveLength(count);
  });

  it('takes the order of the answers from the revision, not from the clock', () => {
    const [late, early] = [...readings('-+')];
    const recorder = new Recorder(() => 0);
    recorder.record('reader', { ...early!, revision: 9 } as Extract<Event, { kind: 'reading' }>, 60);
    recorder.record(
      'reader',
      { ...late!, revision: 1, began: 0 } as Extract<Event, { kind: 'reading' }>,
      300,
    );
    expect(noGap(recorder.events, 'k')).toEqual([]);
  });
});

describe('gone for good', () => {
  it('holds when no reader sees the key again', () => {
    expect(goneSince(readings('++--'), 'k', 80)).toEqual([]);
  });

  it('fails when it comes back, and without a look', () => {
    expect(goneSince(readings('++-+'), 'k', 80)).toHaveLength(1);
    expect(goneSince(readings('++--'), 'k', 1_000)).toHaveLength(1);
  });
});

describe('back in time', () => {
  it('holds when the key is seen early enough', () => {
    expect(backWithin(readings('+--+'), 'k', 60, 100)).toEqual([]);
  });

  it('fails when it is seen too late or never', () => {
    expect(backWithin(readings('+---+'), 'k', 60, 100)[0]?.text).toContain('after 140 ms');
    expect(backWithin(readings('+---'), 'k', 60, 100)[0]?.text).toContain('never');
  });
});

describe('same lease', () => {
  it('holds for one lease, over a gap too', () => {
    expect(sameLease(readings('aa-a'), 'k')).toEqual([]);
  });

  it('fails for each change of lease', () => {
    expect(sameLease(readings('aabba'), 'k')).toHaveLength(2);
  });
});

describe('exact states', () => {
  const states = (...reported: string[]): readonly Event[] => {
    const recorder = new Recorder(() => 0);
    reported.forEach((state, i) => recorder.record('heartbeat', { kind: 'state', state }, i));
    return recorder.events;
  };

  it('hold for the same list', () => {
    expect(exactStates(states('lost', 'restored'), 'heartbeat', ['lost', 'restored'])).toEqual([]);
    expect(exactStates(states(), 'heartbeat', [])).toEqual([]);
  });

  it.each([
    [['lost', 'lost', 'restored']],
    [['lost']],
    [['restored', 'lost']],
    [['lost', 'restored', 'lost', 'restored']],
    [[]],
  ])('fail for %j', (reported) => {
    const [finding] = exactStates(states(...reported), 'heartbeat', ['lost', 'restored']);
    expect(finding?.text).toContain('Expected "lost", "restored", got');
  });
});

describe('every call is answered', () => {
  it('holds for answers and errors alike, and fails for one that is late or missing', async () => {
    let time = 0;
    const recorder = new Recorder(() => time);
    await recorder.call('client', 'get', async () => 1);
    await expect(recorder.call('client', 'put', async () => Promise.reject(new Error('no')))).rejects.toThrow(
      'no',
    );
    expect(everyCallAnswered(recorder.events, 100)).toEqual([]);
    await recorder.call('client', 'slow', async () => void (time += 200));
    expect(everyCallAnswered(recorder.events)).toEqual([]);
    expect(everyCallAnswered(recorder.events, 100)[0]?.text).toContain('it took 200 ms');
    recorder.record('client', { kind: 'call', call: 99, what: 'hang' });
    expect(everyCallAnswered(recorder.events)[0]?.text).toContain('"hang"');
  });
});

describe('away', () => {
  it('holds when every look within the span finds the key gone', () => {
    expect(awayDuring(readings('+--+'), 'k', { from: 50, to: 120 })).toEqual([]);
  });

  it('fails for a look that finds it, and without a look', () => {
    expect(awayDuring(readings('+-+-'), 'k', { from: 50, to: 120 })).toHaveLength(1);
    expect(awayDuring(readings('+--+'), 'k', { from: 500, to: 900 })).toHaveLength(1);
  });
});

describe('restored in time', () => {
  const recorder = new Recorder(() => 0);
  recorder.record('h', { kind: 'state', state: 'lost' }, 10);
  recorder.record('h', { kind: 'state', state: 'restored' }, 300);

  it('holds within its time', () => {
    expect(restoredWithin(recorder.events, 'h', 10, 290)).toEqual([]);
  });

  it('fails when it is late, of another, or never comes', () => {
    expect(restoredWithin(recorder.events, 'h', 10, 289)).toHaveLength(1);
    expect(restoredWithin(recorder.events, 'other', 10, 500)).toHaveLength(1);
    expect(restoredWithin(recorder.events, 'h', 301, 500)).toHaveLength(1);
  });
});
