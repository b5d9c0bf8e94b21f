import { isPort } from '../../common/address.js';
import { InvalidOptionError } from '../../common/errors/index.js';
import { expected } from '../../common/expected.js';
import { isName } from '../../common/names.js';
import { completeInstance, DEFAULT_WEIGHT } from '../../registry/instance.js';
import { readInstance } from '../../registry/instance-shape.js';
import { type InstanceKey } from '../../registry/entry-record.js';
import { type RegistryEntry, type MalformedEntry } from '../../registry/registry.js';
import { isObject } from './consul-response.js';
import { META_PREFIX, unpackData } from './instance-data.js';
import { checkId, isPortName, OWNER_META, WRITE_META, ZONE_META } from './registration.js';

/** One registration in the response to `GET /v1/health/service/…`, of this library or of another client. */
export interface HealthEntry {
  readonly node: string;
  /** The name of the service in Consul. */
  readonly service: string | undefined;
  /** The id of the service in its agent. */
  readonly agentId: string;
  /** The id of the instance; the same as `agentId` where another client registered it. */
  readonly id: string;
  /** The owning session; undefined where another client registered it. */
  readonly owner: string | undefined;
  /** The id of the write; undefined where another client registered it. */
  readonly writeId: string | undefined;
  readonly modifyIndex: number;
  /** Whether all checks of the instance and its node pass. */
  readonly passing: boolean;
  /** Whether an operator has put the instance or its node into maintenance. */
  readonly inMaintenance: boolean;
  /** Whether its TTL check has not expired. Without one: whether any check of the service is not critical. */
  readonly alive: boolean;
  /** Whether its TTL check has expired. */
  readonly expired: boolean;
  /** The instance, or the reason why it is malformed. */
  readonly decoded: RegistryEntry['record'] | { readonly reason: string };
}

/** Start of the output of an expired TTL check. A check that a client sets to critical has another output. */
const TTL_EXPIRED = 'TTL expired';

/** Ids of the checks that `consul maint` creates. */
const MAINTENANCE = /^(_service_maintenance:|_node_maintenance$)/;

const isMaintenance = (check: string | undefined): boolean => check !== undefined && MAINTENANCE.test(check);

type Json = Readonly<Record<string, unknown>>;

const EMPTY: Json = Object.freeze({});

const objectOf = (value: unknown): Json => (isObject(value) ? value : EMPTY);

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function stringsOf(value: unknown): Readonly<Record<string, string>> {
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
      id: stringOf(CheckID),
      status: stringOf(Status),
      output: stringOf(Output),
      ofService: stringOf(ServiceID) !== undefined,
    };
  });
}

function decode(service: string, id: string, node: Json, registered: Json): HealthEntry['decoded'] {
  const { Address, Port, Tags, Meta, Weights, TaggedAddresses } = registered;
  const meta = stringsOf(Meta);
  const data = unpackData(meta);
  if (!data) return { reason: `Expected the metadata ${META_PREFIX}data-… to be valid, got damaged data.` };
  const kept = Object.entries(meta).filter(([name]) => !name.startsWith(META_PREFIX));
  try {
    // Consul's own fields are read leniently; the data that is packed into the metadata may have any form.
    const instance = readInstance('instance', {
      service,
      id,
      address: stringOf(Address) ?? stringOf(node.Address),
      port: Port,
      ports: Object.fromEntries([...portsOf(TaggedAddresses), ...(data.ports ?? [])]),
      tags: Array.isArray(Tags) ? Tags.filter((tag): tag is string => typeof tag === 'string') : [],
      meta: Object.fromEntries([...kept, ...(data.meta ?? [])]),
      weight: data.weight ?? weightOf(Weights),
      zone: data.zone ?? meta[ZONE_META] ?? stringOf(objectOf(registered.Locality).Zone),
    });
    return { kind: 'instance', instance };
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    return { reason: error.message };
  }
}

/** Reads one element of the response; undefined where it has no service id. */
export function readHealthEntry(service: string, element: unknown): HealthEntry | undefined {
  const { Node, Service, Checks } = objectOf(element);
  const node = objectOf(Node);
  const registered = objectOf(Service);
  const agentId = stringOf(registered.ID);
  const modifyIndex = registered.ModifyIndex;
  if (agentId === undefined) return undefined;
  const meta = stringsOf(registered.Meta);
  const id = unpackData(meta)?.id ?? agentId;
  const checks = checksOf(Checks);
  const own = checks.find((check) => check.id === checkId(agentId));
  const expired = own?.status === 'critical' && (own.output?.startsWith(TTL_EXPIRED) ?? false);
  return {
    node: stringOf(node.Node) ?? '',
    service: stringOf(registered.Service),
    agentId,
    id,
    owner: meta[OWNER_META],
    writeId: meta[WRITE_META],
    modifyIndex: typeof modifyIndex === 'number' ? modifyIndex : 0,
    inMaintenance: checks.some(({ id: check, status }) => status === 'critical' && isMaintenance(check)),
    passing: checks.every(({ status }) => status === 'passing'),
    alive:
      own === undefined
        ? checks.some(({ ofService, status }) => ofService && status !== 'critical')
        : !expired,
    expired,
    decoded: decode(service, id, node, registered),
  };
}

/** The value of `RegistryEntry.owner`; undefined where no check keeps the instance alive. */
function entryOwner(entry: HealthEntry): string | undefined {
  if (!entry.alive) return undefined;
  return entry.owner ?? `${entry.node}/${entry.agentId}`;
}

/**
 * Converts a registration to an entry of the port.
 *
 * @param id replaces the registration's own id where several registrations share it
 */
export function toEntry(service: string, entry: HealthEntry, id = entry.id): RegistryEntry | MalformedEntry {
  const { decoded } = entry;
  const entryKey: InstanceKey = { kind: 'instance', service, id };
  if ('reason' in decoded) return { entryKey, reason: decoded.reason };
  if (!isName(id)) return { entryKey, reason: expected('instance.id', 'a name', id).message };
  const renamed =
    decoded.kind === 'instance' && decoded.instance.id !== id
      ? { ...decoded, instance: completeInstance({ ...decoded.instance, id }) }
      : decoded;
  return { record: renamed, version: versionOf(entry), owner: entryOwner(entry) };
}

/** A version that changes with every write, even when an agent has lost its data and its index starts again. */
export function versionOf({ node, modifyIndex, writeId }: HealthEntry): string {
  return writeId === undefined ? `${modifyIndex}@${node}` : `${modifyIndex}@${node}/${writeId}`;
}

/** Whether `version` was created by the write with the id `writeId`. */
export function isWrittenBy(version: string, writeId: string): boolean {
  return version.endsWith(`/${writeId}`);
}
