import { type EntryRecord } from '../registry/entry-record.js';
import { type RegistryEntry } from '../registry/registry.js';
import {
  type RegistrationInput,
  type RegistrationSignal,
  type RegistrationMachineState,
  initialRegistration,
  planRegistration,
  stepRegistration,
} from './registration-machine.js';

const record = (value: string): EntryRecord => ({ kind: 'key', key: 'k', value });
const entry = (value: string, version: string, owner?: string): RegistryEntry => ({
  record: record(value),
  version,
  owner,
});

function run(
  events: readonly RegistrationInput[],
  from: RegistrationMachineState = initialRegistration(record('a'), { claim: 'take-over' }),
): { readonly state: RegistrationMachineState; readonly signals: readonly RegistrationSignal[] } {
  let state = from;
  const signals: RegistrationSignal[] = [];
  for (const event of events) {
    const step = stepRegistration(state, event);
    state = step.state;
    signals.push(...step.signals);
  }
  return { state, signals };
}

const session = (id: string): RegistrationInput => ({ kind: 'session', id });
const written = (value: string, version: string, expected?: string): RegistrationInput => ({
  kind: 'written',
  record: record(value),
  version,
  expected,
});
const read = (found?: RegistryEntry): RegistrationInput => ({ kind: 'read', entry: found });
const observed = (found?: RegistryEntry): RegistrationInput => ({
  kind: 'observed',
  version: found?.version,
});

const REGISTERED = run([session('s1'), written('a', '1')]).state;

describe('registration machine', () => {
  it('waits for a session, then writes where there is no entry', () => {
    const start = initialRegistration(record('a'), { claim: 'take-over' });
    expect(planRegistration(start)).toEqual({ kind: 'idle' });
    expect(planRegistration(run([session('s1')]).state)).toEqual({
      kind: 'write',
      record: record('a'),
      version: undefined,
    });
  });

  it('that starts paused requests nothing before it is resumed', () => {
    const start = initialRegistration(record('a'), { claim: 'take-over', paused: true });
    const { state, signals } = run([session('s1'), { kind: 'tick' }, { kind: 'suspect' }], start);
    expect([planRegistration(state), signals]).toEqual([{ kind: 'idle' }, []]);
    const resumed = run([{ kind: 'resume' }], state).state;
    expect(planRegistration(resumed)).toMatchObject({ kind: 'write', version: undefined });
    expect(run([written('a', '1')], resumed).signals).toEqual([{ kind: 'alive' }]);
  });

  it('is alive with the first write and then idle', () => {
    const { state, signals } = run([session('s1'), written('a', '1')]);
    expect(signals).toEqual([{ kind: 'alive' }]);
    expect(planRegistration(state)).toEqual({ kind: 'idle' });
  });

  it('takes the entry over from a live session when it starts', () => {
    const { state, signals } = run([session('s2'), read(entry('theirs', '7', 's1'))]);
    expect(signals).toEqual([]);
    expect(planRegistration(state)).toEqual({ kind: 'write', record: record('a'), version: '7' });
  });

  it('does not overwrite the entry of a live session with exclusive', () => {
    const exclusive = initialRegistration(record('a'), { claim: 'refuse' });
    const { state } = run([session('s2'), read(entry('theirs', '7', 's1'))], exclusive);
    expect(planRegistration(state)).toEqual({ kind: 'idle' });
  });

  it('writes a new value over its own version', () => {
    const { state } = run([{ kind: 'record', record: record('b') }], REGISTERED);
    expect(planRegistration(state)).toEqual({ kind: 'write', record: record('b'), version: '1' });
  });

  it('recognises its own write whose response was lost', () => {
    const { state, signals } = run([session('s1'), read(entry('a', '4', 's1'))]);
    expect(signals).toEqual([{ kind: 'alive' }]);
    expect(planRegistration(state)).toEqual({ kind: 'idle' });
  });

  it('reads before it trusts the watch, which may lag behind', () => {
    const { state, signals } = run([observed(entry('x', '2'))], REGISTERED);
    expect(signals).toEqual([]);
    expect(planRegistration(state)).toEqual({ kind: 'read' });
    const relieved = run([read(entry('a', '1', 's1'))], state);
    expect(relieved.signals).toEqual([]);
    expect(planRegistration(relieved.state)).toEqual({ kind: 'idle' });
  });

  it('restores a deleted entry without a read', () => {
    const { state, signals } = run([observed()], REGISTERED);
    expect(signals).toEqual([]);
    expect(planRegistration(state)).toEqual({ kind: 'write', record: record('a'), version: undefined });
    const restored = run([written('a', '3')], state);
    expect(restored.signals).toEqual([{ kind: 'lost', reason: 'deleted' }, { kind: 'restored' }]);
    expect(planRegistration(restored.state)).toEqual({ kind: 'idle' });
  });

  it.each([
    ['the write finds the entry', read(entry('a', '1', 's1'))],
    ['the driver reports it as written', written('a', '1')],
    ['a write over it has succeeded meanwhile', written('a', '2', '1')],
  ])('has lost nothing when the deletion was an old one: %s', (_, event) => {
    const { state, signals } = run([observed(), event], REGISTERED);
    expect(signals).toEqual([]);
    expect(planRegistration(state)).toEqual({ kind: 'idle' });
  });

  it('reads a missing entry first while a write has no response', () => {
    const { state } = run([{ kind: 'unanswered' }, observed()], REGISTERED);
    expect(planRegistration(state)).toEqual({ kind: 'read' });
  });

  it('restores an entry that was overwritten without a live session', () => {
    const { state, signals } = run([observed(entry('x', '2')), read(entry('x', '2'))], REGISTERED);
    expect(signals).toEqual([{ kind: 'lost', reason: 'overwritten' }]);
    expect(planRegistration(state)).toEqual({ kind: 'write', record: record('a'), version: '2' });
  });

  it('is in standby while a newer session owns the entry, and registers again when that session ends', () => {
    const over = run([observed(entry('x', '2', 's9')), read(entry('x', '2', 's9'))], REGISTERED);
    expect(over.signals).toEqual([{ kind: 'lost', reason: 'taken-over' }]);
    expect(over.state.phase).toBe('standby');
    expect(planRegistration(over.state)).toEqual({ kind: 'idle' });
    const gone = run([observed(), read()], over.state);
    expect(planRegistration(gone.state)).toEqual({ kind: 'write', record: record('a'), version: undefined });
    expect(run([written('a', '5')], gone.state).signals).toEqual([{ kind: 'restored' }]);
  });

  it('stays in standby after its own session was lost', () => {
    const { state, signals } = run(
      [{ kind: 'session-lost', reason: 'revoked' }, session('s2'), read(entry('x', '2', 's9'))],
      REGISTERED,
    );
    expect(signals).toEqual([
      { kind: 'lost', reason: 'revoked' },
      { kind: 'lost', reason: 'taken-over' },
    ]);
    expect(planRegistration(state)).toEqual({ kind: 'idle' });
  });

  it('overwrites the entry of its former session', () => {
    const { state } = run(
      [{ kind: 'session-lost', reason: 'revoked' }, session('s2'), read(entry('a', '1', 's1'))],
      REGISTERED,
    );
    expect(planRegistration(state)).toEqual({ kind: 'write', record: record('a'), version: '1' });
  });

  it('is lost once and restored once across an outage that its session survives', () => {
    const { state, signals } = run(
      [{ kind: 'session-lost', reason: 'expired' }, session('s1'), read(entry('a', '1', 's1'))],
      REGISTERED,
    );
    expect(signals).toEqual([{ kind: 'lost', reason: 'expired' }, { kind: 'restored' }]);
    expect(planRegistration(state)).toEqual({ kind: 'idle' });
  });

  it('sends no request after a refusal until the next tick', () => {
    const refused = run([session('s1'), { kind: 'refused' }]).state;
    expect(planRegistration(refused)).toEqual({ kind: 'idle' });
    expect(planRegistration(run([{ kind: 'tick' }], refused).state).kind).toBe('write');
  });

  it('removes the entry when it is deregistered, and writes it again after a resume', () => {
    const { state } = run([{ kind: 'deregister' }], REGISTERED);
    expect(planRegistration(state)).toEqual({ kind: 'remove', version: '1' });
    const gone = run([{ kind: 'removed' }], state);
    expect(gone.signals).toEqual([{ kind: 'deregistered' }]);
    expect(planRegistration(gone.state)).toEqual({ kind: 'idle' });
    const back = run([{ kind: 'resume' }], gone.state);
    expect(planRegistration(back.state)).toEqual({ kind: 'write', record: record('a'), version: undefined });
  });

  it('is deregistered at once before any write', () => {
    expect(run([{ kind: 'deregister' }]).signals).toEqual([{ kind: 'deregistered' }]);
  });

  it('is deregistered when its session is revoked before the removal', () => {
    const { signals } = run(
      [{ kind: 'deregister' }, { kind: 'session-lost', reason: 'revoked' }],
      REGISTERED,
    );
    expect(signals).toEqual([{ kind: 'deregistered' }]);
  });

  it('removes an entry whose write is acknowledged after the deregistration', () => {
    const { state, signals } = run([{ kind: 'deregister' }, written('a', '2')], REGISTERED);
    expect(signals).toEqual([]);
    expect(planRegistration(state)).toEqual({ kind: 'remove', version: '2' });
  });
});
