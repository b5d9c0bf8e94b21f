import { LastStates } from './last-states.js';

const OPTIONS = { ttl: 10, updateInterval: 8, exclusive: true };

function after(...reports: readonly Parameters<LastStates['report']>[0][]): LastStates {
  const states = new LastStates();
  for (const report of reports) states.report(report);
  return states;
}

describe('LastStates', () => {
  it('overwrites an entry that the dead worker owned', () => {
    const states = after([{ key: 'k', state: 'alive' }]);
    expect(states.optionsAfterRestart('k', OPTIONS)).toEqual({ ...OPTIONS, exclusive: false });
  });

  it('overwrites it also when the next worker dies before it has registered the entry', () => {
    const states = after([{ key: 'k', state: 'late' }], [], [{ key: 'k', state: 'starting' }]);
    expect(states.optionsAfterRestart('k', OPTIONS)).toEqual({ ...OPTIONS, exclusive: false });
  });

  it('waits for an entry that another session owned', () => {
    const states = after([{ key: 'k', state: 'alive' }], [{ key: 'k', state: 'standby' }], []);
    expect(states.optionsAfterRestart('k', OPTIONS)).toEqual({ ...OPTIONS, waits: true });
  });

  it('does not change the options of an entry that was never registered, or is deregistered', () => {
    const states = after([{ key: 'k', state: 'alive' }]);
    states.delete('k');
    expect(states.optionsAfterRestart('k', OPTIONS)).toBe(OPTIONS);
    expect(states.optionsAfterRestart('other', OPTIONS)).toBe(OPTIONS);
  });
});
