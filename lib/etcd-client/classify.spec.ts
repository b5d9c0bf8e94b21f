import { ClosedError, DeadlineExceededError } from '../common/errors/index.js';
import { STALE_TOKEN } from './call-options.js';
import { classify } from './classify.js';

describe('classify', () => {
  it.each([
    // Not sent, or refused before it was processed.
    [
      '14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1 (2026-01-01T00:00:00.000Z). Resolution note: ',
      'endpoint',
      true,
    ],
    ['14 UNAVAILABLE: Name resolution failed for target dns:nowhere:1', 'endpoint', true],
    ['4 DEADLINE_EXCEEDED: Deadline exceeded after 1.0s,Waiting for LB pick', 'endpoint', true],
    ['14 UNAVAILABLE: etcdserver: no leader', 'endpoint', true],
    ['8 RESOURCE_EXHAUSTED: etcdserver: too many requests', 'endpoint', true],
    // May have been processed.
    ['14 UNAVAILABLE: Connection dropped', 'endpoint', false],
    ['14 UNAVAILABLE: etcdserver: request timed out', 'endpoint', false],
    ['14 UNAVAILABLE: etcdserver: leader changed', 'endpoint', false],
    ['4 DEADLINE_EXCEEDED: Deadline exceeded after 1.0s,remote_addr=127.0.0.1:1', 'endpoint', false],
    ['13 INTERNAL: Received RST_STREAM with code 2', 'endpoint', false],
    ['2 UNKNOWN: context deadline exceeded', 'endpoint', false],
    // Refused by the cluster.
    ['7 PERMISSION_DENIED: etcdserver: permission denied', 'answer', true],
    ['3 INVALID_ARGUMENT: etcdserver: authentication failed, invalid user ID or password', 'answer', true],
    [
      'EtcdLeaseInvalidError: Lease 5 NOT_FOUND: etcdserver: requested lease not found is expired or revoked',
      'answer',
      true,
    ],
    ['8 RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded', 'answer', true],
    ['11 OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted', 'answer', true],
    // Another server or a proxy at the address.
    ['12 UNIMPLEMENTED: Received HTTP status code 404', 'endpoint', true],
    ['16 UNAUTHENTICATED: Received HTTP status code 401', 'endpoint', true],
    ['7 PERMISSION_DENIED: Received HTTP status code 403', 'endpoint', true],
    ['14 UNAVAILABLE: Received HTTP status code 502', 'endpoint', false],
    ['12 UNIMPLEMENTED: unknown service etcdserverpb.KV', 'endpoint', true],
    ['7 PERMISSION_DENIED: RBAC: access denied', 'endpoint', true],
    ['16 UNAUTHENTICATED: Jwt is missing', 'endpoint', true],
    // An expired token, or none yet.
    [`16 UNAUTHENTICATED: ${STALE_TOKEN}`, 'token', true],
    ['3 INVALID_ARGUMENT: etcdserver: revision of auth store is old', 'token', false],
    ['3 INVALID_ARGUMENT: etcdserver: user name is empty', 'token', true],
  ] as const)('reads %s', (message, kind, unsent) => {
    expect(classify(new Error(message))).toMatchObject({ kind, unsent });
  });

  it('does not classify errors that do not come from the connection', () => {
    expect(classify(new TypeError('x is not a function')).kind).toBe('foreign');
    expect(classify(new ClosedError('The etcd client')).kind).toBe('foreign');
    expect(classify('a string').kind).toBe('foreign');
  });

  it('treats an exceeded deadline as a fault of the endpoint', () => {
    expect(classify(new DeadlineExceededError('too late'))).toMatchObject({
      kind: 'endpoint',
      unsent: false,
    });
  });

  it('gives a readable reason', () => {
    const refused = new Error(
      'GRPCUnavailableError: 14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1 (2026-01-01T00:00:00.000Z). Resolution note: ',
    );
    expect(classify(refused)).toMatchObject({ reason: 'connect ECONNREFUSED 127.0.0.1:1', cause: refused });
    expect(classify(new Error('14 UNAVAILABLE: ')).reason).toBe('no reason given');
    expect(classify(new Error('12 UNIMPLEMENTED: Received HTTP status code 404')).reason).toBe(
      'answered with HTTP status 404 instead of gRPC; check that the address is an etcd server, or a proxy with a route to one',
    );
    expect(classify(new Error('7 PERMISSION_DENIED: RBAC: access denied')).reason).toBe(
      "refused the request with a reason that is not etcd's: RBAC: access denied",
    );
  });

  it('explains TLS failures and keeps the original error as the cause', () => {
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
