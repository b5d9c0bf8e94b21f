import { singleRead, txnCommand, txnInput, txnTitle } from './txn-command.js';
import {
  isAbsent,
  isPresent,
  leaseIs,
  modifiedAt,
  put,
  read,
  rebind,
  remove,
  valueIs,
} from './operations.js';

describe('a transaction as an etcdctl command', () => {
  it('is a get for a single read', () => {
    const request = { success: [read('/a/', { end: '/a0', keysOnly: true, limit: 1, serializable: true })] };
    expect(singleRead(request)).toBeDefined();
    expect(txnCommand(request)).toEqual(['get', '/a/', '/a0', '--limit=1', '--keys-only', '--consistency=s']);
    expect(txnTitle(request)).toBe('reading "/a/"');
  });

  it('is a txn with comparisons and both lists of operations', () => {
    const request = {
      compare: [
        isPresent('/a'),
        modifiedAt('/a', 7),
        valueIs('/a', 'it\'s "x"'),
        leaseIs('/', '255'),
        isAbsent('/a/', '/a0'),
      ],
      success: [put('/a', 'new', '16'), remove('/b'), remove('/c/', '/c0')],
      failure: [read('/a')],
    };
    expect(txnCommand(request)).toEqual(['txn']);
    expect(txnInput(request).split('\n')).toEqual([
      'version("/a") != "0"',
      'mod("/a") = "7"',
      'value("/a") = "it\'s \\"x\\""',
      'lease("/") = "ff"',
      '',
      'put --lease=10 "/a" "new"',
      'del "/b"',
      'del "/c/" "/c0"',
      '',
      'get "/a"',
      '',
    ]);
    expect(txnTitle(request)).toBe('writing "/a"');
    expect(txnTitle({ success: [read('/a'), remove('/b')] })).toBe('deleting "/b"');
    expect(txnInput({ success: [rebind('/a', '0')] })).toContain('put "/a" --ignore-value');
  });
});
