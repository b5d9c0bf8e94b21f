import type { ICompare, IRangeRequest, IRequestOp, ITxnRequest } from 'etcd3';

/** Comparisons as etcdctl writes them. */
const SIGNS = { Equal: '=', Greater: '>', Less: '<', NotEqual: '!=' } as const;

function quoted(bytes: Buffer | undefined): string {
  return JSON.stringify((bytes ?? Buffer.alloc(0)).toString());
}

function ends(bytes: Buffer | undefined): boolean {
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
    ...(range_end && ends(range_end) ? [range_end.toString()] : []),
    ...(limit === undefined ? [] : [`--limit=${limit}`]),
    ...(keys_only === true ? ['--keys-only'] : []),
    ...(serializable === true ? ['--consistency=s'] : []),
  ];
}

function operationLine({ request_range, request_put, request_delete_range }: IRequestOp): string {
  if (request_range) return rangeWords(request_range).map(lineWord).join(' ');
  if (request_put) {
    const { key, value, lease, ignore_value } = request_put;
    const lent = lease === undefined || lease === '0' ? [] : [`--lease=${BigInt(lease).toString(16)}`];
    const written = ignore_value === true ? ['--ignore-value'] : [quoted(value)];
    return ['put', ...lent, quoted(key), ...written].join(' ');
  }
  const { key, range_end } = request_delete_range ?? {};
  return ['del', quoted(key), ...(ends(range_end) ? [quoted(range_end)] : [])].join(' ');
}

function lineWord(word: string): string {
  return word.startsWith('--') || word === 'get' ? word : JSON.stringify(word);
}

/** What a transaction does, in a few words for messages. */
export function txnTitle({ success = [] }: ITxnRequest): string {
  const operation = success.find(({ request_range }) => request_range === undefined) ?? success[0];
  const { request_range, request_put, request_delete_range } = operation ?? {};
  const verb = request_put ? 'writing' : request_delete_range ? 'deleting' : 'reading';
  return `${verb} ${quoted((request_put ?? request_delete_range ?? request_range)?.key)}`;
}

/** The words of the `etcdctl` command for a transaction; a lone read is a `get`. */
export function txnCommand(request: ITxnRequest): readonly string[] {
  const alone = loneRead(request);
  return alone ? rangeWords(alone) : ['txn'];
}

/**
 * What `etcdctl txn` reads: comparisons, what is done if they hold, what if not. Comparisons of whole ranges are left
 * out, as etcdctl has no words for them.
 */
export function txnInput(request: ITxnRequest): string {
  const { compare = [], success = [], failure = [] } = request;
  return [
    ...compare.filter(({ range_end }) => !ends(range_end)).map(compareLine),
    '',
    ...success.map(operationLine),
    '',
    ...failure.map(operationLine),
    '',
  ].join('\n');
}

/** The read a transaction consists of, where that is all there is to it. */
export function loneRead({
  compare = [],
  success = [],
  failure = [],
}: ITxnRequest): IRangeRequest | undefined {
  const [first, ...others] = success;
  return compare.length + others.length + failure.length === 0 ? first?.request_range : undefined;
}
