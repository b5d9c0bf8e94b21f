import type { ICompare, IRangeRequest, IRequestOp, ITxnRequest } from 'etcd3';

/** Comparison operators in the syntax of etcdctl. */
const SIGNS = { Equal: '=', Greater: '>', Less: '<', NotEqual: '!=' } as const;

function quoted(bytes: Buffer | undefined): string {
  return JSON.stringify((bytes ?? Buffer.alloc(0)).toString());
}

function isSet(bytes: Buffer | undefined): boolean {
  return bytes !== undefined && bytes.length > 0;
}

function compareLine(compare: ICompare): string {
  const key = quoted(compare.key);
  const sign = SIGNS[(compare.result ?? 'Equal') as keyof typeof SIGNS];
  if (compare.mod_revision !== undefined) return `mod(${key}) ${sign} "${compare.mod_revision}"`;
  if (compare.value !== undefined) return `value(${key}) ${sign} ${quoted(compare.value)}`;
  if (compare.lease !== undefined) return `lease(${key}) ${sign} "${BigInt(compare.lease).toString(16)}"`;
  return `version(${key}) ${sign} "${compare.version ?? 0}"`;
}

function rangeWords({ key, range_end, limit, keys_only, serializable }: IRangeRequest): string[] {
  return [
    'get',
    (key ?? Buffer.alloc(0)).toString(),
    ...(range_end && isSet(range_end) ? [range_end.toString()] : []),
    ...(limit === undefined ? [] : [`--limit=${limit}`]),
    ...(keys_only === true ? ['--keys-only'] : []),
    ...(serializable === true ? ['--consistency=s'] : []),
  ];
}

function operationLine({ request_range, request_put, request_delete_range }: IRequestOp): string {
  if (request_range) return rangeWords(request_range).map(lineWord).join(' ');
  if (request_put) {
    const { key, value, lease, ignore_value } = request_put;
    const leaseFlag = lease === undefined || lease === '0' ? [] : [`--lease=${BigInt(lease).toString(16)}`];
    const newValue = ignore_value === true ? ['--ignore-value'] : [quoted(value)];
    return ['put', ...leaseFlag, quoted(key), ...newValue].join(' ');
  }
  const { key, range_end } = request_delete_range ?? {};
  return ['del', quoted(key), ...(isSet(range_end) ? [quoted(range_end)] : [])].join(' ');
}

function lineWord(word: string): string {
  return word.startsWith('--') || word === 'get' ? word : JSON.stringify(word);
}

/** A short description of a transaction for messages: `writing "/a"`. */
export function txnTitle({ success = [] }: ITxnRequest): string {
  const operation = success.find(({ request_range }) => request_range === undefined) ?? success[0];
  const { request_range, request_put, request_delete_range } = operation ?? {};
  const verb = request_put ? 'writing' : request_delete_range ? 'deleting' : 'reading';
  return `${verb} ${quoted((request_put ?? request_delete_range ?? request_range)?.key)}`;
}

/** The arguments of the `etcdctl` command for a transaction. A single read is a `get`. */
export function txnCommand(request: ITxnRequest): readonly string[] {
  const single = singleRead(request);
  return single ? rangeWords(single) : ['txn'];
}

/**
 * The standard input of `etcdctl txn`: the comparisons, the operations if they succeed, and those if they fail.
 * Comparisons of ranges are left out, since etcdctl has no syntax for them.
 */
export function txnInput(request: ITxnRequest): string {
  const { compare = [], success = [], failure = [] } = request;
  return [
    ...compare.filter(({ range_end }) => !isSet(range_end)).map(compareLine),
    '',
    ...success.map(operationLine),
    '',
    ...failure.map(operationLine),
    '',
  ].join('\n');
}

/** The read of a transaction that consists of a single read; otherwise undefined. */
export function singleRead({
  compare = [],
  success = [],
  failure = [],
}: ITxnRequest): IRangeRequest | undefined {
  const [first, ...others] = success;
  return compare.length + others.length + failure.length === 0 ? first?.request_range : undefined;
}
