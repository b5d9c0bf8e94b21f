import { Recorder } from '../recording/recorder.js';
import { everyInstanceAnswered, noFailedRequest } from './requests.js';

describe('requests to a service', () => {
  let recorder: Recorder;

  beforeEach(() => {
    recorder = new Recorder(() => 0);
    recorder.record('caller', { kind: 'requests-answered', service: 's', by: { a: 3 } });
    recorder.record('caller', { kind: 'requests-answered', service: 's', by: { a: 1, b: 2 } });
  });

  it('hold when all requests are answered, by all instances', () => {
    expect(noFailedRequest(recorder.events, 'caller')).toEqual([]);
    expect(everyInstanceAnswered(recorder.events, 'caller', ['a', 'b'])).toEqual([]);
  });

  it('fail for one that was not answered, and where there was none', () => {
    expect(noFailedRequest(recorder.events, 'another')).toHaveLength(1);
    recorder.record('caller', { kind: 'request-failed', service: 's', endpoint: 'a', detail: 'reset' });
    expect(noFailedRequest(recorder.events, 'caller')).toHaveLength(1);
  });

  it('fail for an instance without a request', () => {
    expect(everyInstanceAnswered(recorder.events, 'caller', ['a', 'c'])).toMatchObject([{ who: 'caller' }]);
  });
});
