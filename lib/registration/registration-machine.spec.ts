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
const written = (value: string, version: string): RegistrationInput => ({
  kind: 'written',
  record: record(value),
  version,
});
const read = (found?: RegistryEntry): RegistrationInput => ({ kind: 'read', entry: found });
const observed = (found?: RegistryEntry): RegistrationInput => ({ kind: 'observed', entry: found });

const HELD = run([session('s1'), written('a', '1')]).state;

describe('hold machine', () => {
  it('waits for a session, then writes into an empty slot', () => {
    const start = initialRegistration(record('a'), { claim: 'take-over' });
    expect(planRegistration(start)).toEqual({ kind: 'idle' });
    expect(planRegistration(run([session('s1')]).state)).toEqual({
      kind: 'write',
      record: record('a'),
      version: undefined,
    });
  });

  it('is alive with the first write and then has nothing to do', () => {
    const { state, signals } = run([session('s1'), written('a', '1')]);
    expect(signals).toEqual([{ kind: 'alive' }]);
    expect(planRegistration(state)).toEqual({ kind: 'idle' });
  });

  it('takes the slot over from a live holder when it starts', () => {
    const { state, signals } = run([session('s2'), read(entry('theirs', '7', 's1'))]);
    expect(signals).toEqual([]);
    expect(planRegistration(state)).toEqual({ kind: 'write', record: record('a'), version: '7' });
  });

  it('leaves a live holder alone when it is exclusive', () => {
    const exclusive = initialRegistration(record('a'), { claim: 'refuse' });
    const { state } = run([session('s2'), read(entry('theirs', '7', 's1'))], exclusive);
    expect(planRegistration(state)).toEqual({ kind: 'idle' });
  });

  it('writes a new value over its own version', () => {
    const { state } = run([{ kind: 'record', record: record('b') }], HELD);
    expect(planRegistration(state)).toEqual({ kind: 'write', record: record('b'), version: '1' });
  });

  it('recognises its own write whose answer was lost', () => {
    const { state, signals } = run([session('s1'), read(entry('a', '4', 's1'))]);
    expect(signals).toEqual([{ kind: 'alive' }]);
    expect(planRegistration(state)).toEqual({ kind: 'idle' });
  });

  it('reads before it believes the watch, whose news may be old', () => {
    const { state, signals } = run([observed()], HELD);
    expect(signals).toEqual([]);
    expect(planRegistration(state)).toEqual({ kind: 'read' });
    const relieved = run([read(entry('a', '1', 's1'))], state);
    expect(relieved.signals).toEqual([]);
    expect(planRegistration(relieved.state)).toEqual({ kind: 'idle' });
  });

  it('puts a deleted entry back', () => {
    const { state, signals } = run([observed(), read()], HELD);
    expect(signals).toEqual([{ kind: 'lost', reason: 'deleted' }]);
    expect(planRegistration(state)).toEqual({ kind: 'write', record: record('a'), version: undefined });
    expect(run([written('a', '3')], state).signals).toEqual([{ kind: 'restored' }]);
  });

  it('puts an overwrite right that no live session stands behind', () => {
    const { state, signals } = run([observed(entry('x', '2')), read(entry('x', '2'))], HELD);
    expect(signals).toEqual([{ kind: 'lost', reason: 'overwritten' }]);
    expect(planRegistration(state)).toEqual({ kind: 'write', record: record('a'), version: '2' });
  });

  it('stands by when a newer holder has it, and has it back when that one goes', () => {
    const over = run([observed(entry('x', '2', 's9')), read(entry('x', '2', 's9'))], HELD);
    expect(over.signals).toEqual([{ kind: 'lost', reason: 'taken-over' }]);
    expect(over.state.phase).toBe('standby');
    expect(planRegistration(over.state)).toEqual({ kind: 'idle' });
    const gone = run([observed(), read()], over.state);
    expect(planRegistration(gone.state)).toEqual({ kind: 'write', record: record('a'), version: undefined });
    expect(run([written('a', '5')], gone.state).signals).toEqual([{ kind: 'restored' }]);
  });

  it('does not fight for it after its own session was lost', () => {
    const { state, signals } = run(
      [{ kind: 'session-lost', reason: 'revoked' }, session('s2'), read(entry('x', '2', 's9'))],
      HELD,
    );
    expect(signals).toEqual([
      { kind: 'lost', reason: 'revoked' },
      { kind: 'lost', reason: 'taken-over' },
    ]);
    expect(planRegistration(state)).toEqual({ kind: 'idle' });
  });

  it('writes over what a former session of its own left behind', () => {
    const { state } = run(
      [{ kind: 'session-lost', reason: 'revoked' }, session('s2'), read(entry('a', '1', 's1'))],
      HELD,
    );
    expect(planRegistration(state)).toEqual({ kind: 'write', record: record('a'), version: '1' });
  });

  it('loses once and is restored once across an outage that its session survives', () => {
    const { state, signals } = run(
      [{ kind: 'session-lost', reason: 'expired' }, session('s1'), read(entry('a', '1', 's1'))],
      HELD,
    );
    expect(signals).toEqual([{ kind: 'lost', reason: 'expired' }, { kind: 'restored' }]);
    expect(planRegistration(state)).toEqual({ kind: 'idle' });
  });

  it('asks no more after a refusal, until the next tick', () => {
    const refused = run([session('s1'), { kind: 'refused' }]).state;
    expect(planRegistration(refused)).toEqual({ kind: 'idle' });
    expect(planRegistration(run([{ kind: 'tick' }], refused).state).kind).toBe('write');
  });

  it('removes the entry when it is withdrawn, and writes it again after a resume', () => {
    const { state } = run([{ kind: 'withdraw' }], HELD);
    expect(planRegistration(state)).toEqual({ kind: 'remove', version: '1' });
    const gone = run([{ kind: 'removed' }], state);
    expect(gone.signals).toEqual([{ kind: 'withdrawn' }]);
    expect(planRegistration(gone.state)).toEqual({ kind: 'idle' });
    const back = run([{ kind: 'resume' }], gone.state);
    expect(planRegistration(back.state)).toEqual({ kind: 'write', record: record('a'), version: undefined });
  });

  it('is withdrawn at once when nothing was ever written', () => {
    expect(run([{ kind: 'withdraw' }]).signals).toEqual([{ kind: 'withdrawn' }]);
  });

  it('is withdrawn when its session is revoked while it waits to be removed', () => {
    const { signals } = run([{ kind: 'withdraw' }, { kind: 'session-lost', reason: 'revoked' }], HELD);
    expect(signals).toEqual([{ kind: 'withdrawn' }]);
  });

  it('removes a write that is acknowledged after the withdrawal', () => {
    const { state, signals } = run([{ kind: 'withdraw' }, written('a', '2')], HELD);
    expect(signals).toEqual([]);
    expect(planRegistration(state)).toEqual({ kind: 'remove', version: '2' });
  });
});
