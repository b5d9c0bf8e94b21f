import { isPort } from '../../common/address.js';
import { InvalidOptionError } from '../../common/errors/index.js';
import { expected } from '../../common/expected.js';
import { isName } from '../../common/names.js';
import { completeInstance, DEFAULT_WEIGHT } from '../../registry/instance.js';
import { readInstance } from '../../registry/instance-shape.js';
import { type InstanceKey } from '../../registry/entry-record.js';
import { type RegistryEntry, type MalformedEntry } from '../../registry/registry.js';
import { isObject } from './answer.js';
import { OURS, unpackData } from './instance-data.js';
import { checkId, isPortName, OWNER, WRITE, ZONE } from './registration.js';

/** One element of `GET /v1/health/service/…`, read: ours or anybody's. */
export interface HealthEntry {
  readonly node: string;
  /** The service's name in Consul. */
  readonly service: string | undefined;
  /** Its id in its agent. */
  readonly agentId: string;
  /** Its id as ours; the agent's where somebody else has registered it. */
  readonly id: string;
  /** Whose it is; undefined where somebody else has registered it. */
  readonly owner: string | undefined;
  /** Of the write that made it, where it is ours. */
  readonly write: string | undefined;
  readonly modifyIndex: number;
  /** Whether every check of the instance and its node passes. */
  readonly passing: boolean;
  /** Whether an operator has put it or its node into maintenance. */
  readonly maintained: boolean;
  /** Whether what keeps it alive does so: its own TTL check, or for others any check of the service. */
  readonly alive: boolean;
  /** Whether its own TTL has run out. */
  readonly expired: boolean;
  /** The instance, or why it is none. */
  readonly decoded: RegistryEntry['record'] | { readonly reason: string };
}

/** What Consul writes into a TTL check that nobody has renewed; one set to critical on purpose says something else. */
const TTL_EXPIRED = 'TTL expired';

/** The checks that `consul maint` makes. */
const MAINTENANCE = /^(_service_maintenance:|_node_maintenance$)/;

const isMaintenance = (check: string | undefined): boolean => check !== undefined && MAINTENANCE.test(check);

type Json = Readonly<Record<string, unknown>>;

const NOTHING: Json = Object.freeze({});

const objectOf = (value: unknown): Json => (isObject(value) ? value : NOTHING);

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function texts(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(objectOf(value)).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

function portsOf(tagged: unknown): (readonly [string, number])[] {
  return Object.entries(objectOf(tagged))
    .filter(([name]) => isPortName(name))
    .map(([name, target]): readonly [string, unknown] => [name, objectOf(target).Port])
    .filter((pair): pair is readonly [string, number] => isPort(pair[1]));
}

function weightOf(weights: unknown): number {
  const weight = objectOf(weights).Passing;
  return Number.isInteger(weight) && (weight as number) >= 0 && (weight as number) <= 65_535
    ? (weight as number)
    : DEFAULT_WEIGHT;
}

interface Check {
  readonly id: string | undefined;
  readonly status: string | undefined;
  readonly output: string | undefined;
  readonly ofService: boolean;
}

function checksOf(value: unknown): Check[] {
  if (!Array.isArray(value)) return [];
  return value.map((check: unknown) => {
    const { CheckID, Status, Output, ServiceID } = objectOf(check);
    return {
      id: textOf(CheckID),
      status: textOf(Status),
      output: textOf(Output),
      ofService: textOf(ServiceID) !== undefined,
    };
  });
}

function decode(service: string, id: string, node: Json, registered: Json): HealthEntry['decoded'] {
  const { Address, Port, Tags, Meta, Weights, TaggedAddresses } = registered;
  const meta = texts(Meta);
  const data = unpackData(meta);
  if (!data) return { reason: `Expected the metadata ${OURS}data-… to be as it was written.` };
  const kept = Object.entries(meta).filter(([name]) => !name.startsWith(OURS));
  try {
    // What Consul itself keeps was looked at above; what is packed into its metadata may be anything.
    const instance = readInstance('instance', {
      service,
      id,
      address: textOf(Address) ?? textOf(node.Address),
      port: Port,
      ports: Object.fromEntries([...portsOf(TaggedAddresses), ...(data.ports ?? [])]),
      tags: Array.isArray(Tags) ? Tags.filter((tag): tag is string => typeof tag === 'string') : [],
      meta: Object.fromEntries([...kept, ...(data.meta ?? [])]),
      weight: data.weight ?? weightOf(Weights),
      zone: data.zone ?? meta[ZONE] ?? textOf(objectOf(registered.Locality).Zone),
    });
    return { kind: 'instance', instance };
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    return { reason: error.message };
  }
}

/** Reads one element; undefined where it is not even a registration. */
export function readHealthEntry(service: string, element: unknown): HealthEntry | undefined {
  const { Node, Service, Checks } = objectOf(element);
  const node = objectOf(Node);
  const registered = objectOf(Service);
  const agentId = textOf(registered.ID);
  const modifyIndex = registered.ModifyIndex;
  if (agentId === undefined) return undefined;
  const meta = texts(registered.Meta);
  const id = unpackData(meta)?.id ?? agentId;
  const checks = checksOf(Checks);
  const own = checks.find((check) => check.id === checkId(agentId));
  const expired = own?.status === 'critical' && (own.output?.startsWith(TTL_EXPIRED) ?? false);
  return {
    node: textOf(node.Node) ?? '',
    service: textOf(registered.Service),
    agentId,
    id,
    owner: meta[OWNER],
    write: meta[WRITE],
    modifyIndex: typeof modifyIndex === 'number' ? modifyIndex : 0,
    maintained: checks.some(({ id: check, status }) => status === 'critical' && isMaintenance(check)),
    passing: checks.every(({ status }) => status === 'passing'),
    alive:
      own === undefined
        ? checks.some(({ ofService, status }) => ofService && status !== 'critical')
        : !expired,
    expired,
    decoded: decode(service, id, node, registered),
  };
}

/** Who keeps it alive, for `RegistryEntry.owner`. */
function holderOf(entry: HealthEntry): string | undefined {
  if (!entry.alive) return undefined;
  return entry.owner ?? `${entry.node}/${entry.agentId}`;
}

/** As the port has it; `id` where it is to be told apart from others of the same id. */
export function toEntry(service: string, entry: HealthEntry, id = entry.id): RegistryEntry | MalformedEntry {
  const { decoded } = entry;
  const entryKey: InstanceKey = { kind: 'instance', service, id };
  if ('reason' in decoded) return { entryKey, reason: decoded.reason };
  if (!isName(id)) return { entryKey, reason: expected('instance.id', 'a name', id).message };
  const renamed =
    decoded.kind === 'instance' && decoded.instance.id !== id
      ? { ...decoded, instance: completeInstance({ ...decoded.instance, id }) }
      : decoded;
  return { record: renamed, version: versionOf(entry), owner: holderOf(entry) };
}

/** Changes with every write, also where an agent that lost its data counts from the beginning. */
export function versionOf({ node, modifyIndex, write }: HealthEntry): string {
  return write === undefined ? `${modifyIndex}@${node}` : `${modifyIndex}@${node}/${write}`;
}

/** Whether the write with this id made the version. */
export function isWrittenBy(version: string, write: string): boolean {
  return version.endsWith(`/${write}`);
}
