import { ClosedError, DeadlineExceededError } from '../common/errors/index.js';
import { STALE_TOKEN } from './call-options.js';
import { classify } from './classify.js';

describe('classify', () => {
  it.each([
    // What never reached a server, or was turned away at its door.
    [
      '14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1 (2026-01-01T00:00:00.000Z). Resolution note: ',
      'endpoint',
      true,
    ],
    ['14 UNAVAILABLE: Name resolution failed for target dns:nowhere:1', 'endpoint', true],
    ['4 DEADLINE_EXCEEDED: Deadline exceeded after 1.0s,Waiting for LB pick', 'endpoint', true],
    ['14 UNAVAILABLE: etcdserver: no leader', 'endpoint', true],
    ['8 RESOURCE_EXHAUSTED: etcdserver: too many requests', 'endpoint', true],
    // What may have been done.
    ['14 UNAVAILABLE: Connection dropped', 'endpoint', false],
    ['14 UNAVAILABLE: etcdserver: request timed out', 'endpoint', false],
    ['14 UNAVAILABLE: etcdserver: leader changed', 'endpoint', false],
    ['4 DEADLINE_EXCEEDED: Deadline exceeded after 1.0s,remote_addr=127.0.0.1:1', 'endpoint', false],
    ['13 INTERNAL: Received RST_STREAM with code 2', 'endpoint', false],
    ['2 UNKNOWN: context deadline exceeded', 'endpoint', false],
    // The cluster's word.
    ['7 PERMISSION_DENIED: etcdserver: permission denied', 'answer', true],
    ['3 INVALID_ARGUMENT: etcdserver: authentication failed, invalid user ID or password', 'answer', true],
    [
      'EtcdLeaseInvalidError: Lease 5 NOT_FOUND: etcdserver: requested lease not found is expired or revoked',
      'answer',
      true,
    ],
    ['8 RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded', 'answer', true],
    ['11 OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted', 'answer', true],
    // What stands in etcd's place, or before it.
    ['12 UNIMPLEMENTED: Received HTTP status code 404', 'endpoint', true],
    ['16 UNAUTHENTICATED: Received HTTP status code 401', 'endpoint', true],
    ['7 PERMISSION_DENIED: Received HTTP status code 403', 'endpoint', true],
    ['14 UNAVAILABLE: Received HTTP status code 502', 'endpoint', false],
    ['12 UNIMPLEMENTED: unknown service etcdserverpb.KV', 'endpoint', true],
    ['7 PERMISSION_DENIED: RBAC: access denied', 'endpoint', true],
    ['16 UNAUTHENTICATED: Jwt is missing', 'endpoint', true],
    // A token that has expired, or that was not asked for yet.
    [`16 UNAUTHENTICATED: ${STALE_TOKEN}`, 'token', true],
    ['3 INVALID_ARGUMENT: etcdserver: revision of auth store is old', 'token', false],
    ['3 INVALID_ARGUMENT: etcdserver: user name is empty', 'token', true],
  ] as const)('reads %s', (message, kind, unsent) => {
    expect(classify(new Error(message))).toMatchObject({ kind, unsent });
  });

  it('leaves what is not of the connection alone', () => {
    expect(classify(new TypeError('x is not a function')).kind).toBe('foreign');
    expect(classify(new ClosedError('The etcd client')).kind).toBe('foreign');
    expect(classify('a text').kind).toBe('foreign');
  });

  it('takes a deadline that passed for a fault of the endpoint', () => {
    expect(classify(new DeadlineExceededError('too late'))).toMatchObject({
      kind: 'endpoint',
      unsent: false,
    });
  });

  it('says it for people', () => {
    const refused = new Error(
      'GRPCUnavailableError: 14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1 (2026-01-01T00:00:00.000Z). Resolution note: ',
    );
    expect(classify(refused)).toMatchObject({ reason: 'connect ECONNREFUSED 127.0.0.1:1', cause: refused });
    expect(classify(new Error('14 UNAVAILABLE: ')).reason).toBe('no reason given');
    expect(classify(new Error('12 UNIMPLEMENTED: Received HTTP status code 404')).reason).toBe(
      'answered with HTTP status 404, which etcd never does: is another server, or a proxy without a route to etcd, at this address?',
    );
    expect(classify(new Error('7 PERMISSION_DENIED: RBAC: access denied')).reason).toBe(
      "refused in words that are not etcd's: RBAC: access denied",
    );
  });

  it('says what is wrong with TLS, and keeps what it was told', () => {
    const error = new Error(
      '14 UNAVAILABLE: No connection established. Last error: Error: certificate has expired (2026-01-01T00:00:00.000Z). Resolution note: ',
    );
    const { cause, reason } = classify(error);
    expect(reason).toBe(
      "the server's certificate has expired: renew it on the server (certificate has expired)",
    );
    expect(cause).toMatchObject({ code: 'SIDEKICK_TLS_EXPIRED', message: reason, cause: error });
  });
});
