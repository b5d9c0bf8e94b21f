import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { encodeSegment } from '../common/names.js';
import { type ElectionStatus } from '../election/election-client.js';
import { type ServiceDump } from '../piloted/discovery.service.js';
import { type RegistrationStatus } from '../registration/registration-status.js';
import { type CallWindow, countersOf } from './call-window.js';
import { type DashboardRecorder } from './dashboard-recorder.js';
import {
  type ElectionRow,
  type EndpointRow,
  type RegistrationRow,
  type Row,
  type ServiceRow,
} from './rows.js';
import { type RegistryMembers } from './registry-members.js';
import { type Sources } from './sources.js';

/** Longest name or address, in characters: a registry entry may hold any. */
const MAX_TEXT = 300;

/** Hexadecimal digits that stand for the rest of a longer name. */
const DIGEST_LENGTH = 16;

/** Tags that are shown of an endpoint. */
const MAX_TAGS = 20;

/** What {@link dashboardRows} reads. */
export interface DashboardRowsDeps {
  readonly sources: Sources;
  readonly recorder: DashboardRecorder;
  readonly members: RegistryMembers;
  readonly title: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
}

/** Returns everything that the page shows, by key. Reads the state of the application and asks no registry. */
export function dashboardRows(deps: DashboardRowsDeps): Map<string, Row> {
  const { sources, recorder, members, title, now, startedAt } = deps;
  const rows = new Map<string, Row>();
  rows.set('application', { kind: 'application', title, host: hostname(), pid: process.pid, startedAt });
  for (const service of sources.discovery?.dump().services ?? []) {
    rows.set(`service/${service.name}`, serviceRow(service, recorder.calls, now));
    // Encoded, since a name and an id may have slashes.
    const keyOfService = `endpoint/${encodeSegment(service.name)}`;
    for (const row of endpointRows(service, recorder.calls)) rows.set(`${keyOfService}/${row.id}`, row);
  }
  for (const status of sources.sidekick?.beats ?? [])
    rows.set(`registration/${status.key}`, registrationRow(status, now));
  for (const status of sources.elections?.dump() ?? [])
    rows.set(`election/${status.name}`, electionRow(status));
  for (const row of members.rows()) rows.set(`registry/${row.name}`, row);
  for (const [number, line] of recorder.journal) rows.set(`journal/${number}`, line);
  return rows;
}

function serviceRow(service: ServiceDump, calls: CallWindow, now: number): ServiceRow {
  const { name, balancer, revision, stale, age, error, panic, endpoints } = service;
  const history = calls.history(name, countersOf(endpoints));
  return {
    kind: 'service',
    name: identity(name),
    balancer,
    revision,
    stale,
    // Whole seconds, so that the row changes at most once a second.
    ...(age === undefined ? {} : { heardAt: Math.round((now - age * 1_000) / 1_000) * 1_000 }),
    ...(error === undefined ? {} : { error: cut(error) }),
    ...(panic ? { panic } : {}),
    ...(history.some((count) => count > 0) ? { history } : {}),
  };
}

function endpointRows({ name, endpoints }: ServiceDump, calls: CallWindow): readonly EndpointRow[] {
  const measured = endpoints.map((endpoint) => ({
    endpoint,
    window: calls.since(name, endpoint.id, endpoint),
  }));
  const total = measured.reduce((sum, { window }) => sum + window.calls, 0);
  return measured.map(({ endpoint, window }) => {
    const { id, address, port, zone, weight, tags, state, inFlight } = endpoint;
    const { calls: count, failures, totalMs } = window;
    return {
      kind: 'endpoint',
      service: identity(name),
      id: identity(id),
      address: cut(address),
      port,
      ...(zone === undefined ? {} : { zone: cut(zone) }),
      weight,
      tags: tags.slice(0, MAX_TAGS).map(cut),
      state,
      inFlight,
      ...(total === 0 ? {} : { calls: count, failures, share: round(count / total, 1_000) }),
      ...(count === 0 ? {} : { latencyMs: round(totalMs / count, 10) }),
    };
  });
}

function registrationRow(
  { key, state, lastAck, expiresIn }: RegistrationStatus,
  now: number,
): RegistrationRow {
  return {
    kind: 'registration',
    key: identity(key),
    state,
    ...(lastAck === undefined ? {} : { acknowledgedAt: lastAck.getTime() }),
    // Whole seconds, so that the row changes at most once a second.
    ...(expiresIn === undefined ? {} : { expiresAt: Math.round(now / 1_000 + expiresIn) * 1_000 }),
  };
}

function electionRow({ name, state, isLeader, leader }: ElectionStatus): ElectionRow {
  return {
    kind: 'election',
    name: identity(name),
    state,
    isLeader,
    ...(leader ? { leader: cut(leader.name), term: leader.term, ...begun(leader.since) } : {}),
  };
}

/** The record of another process may hold any string. */
function begun(isoDate: string): Pick<ElectionRow, 'since'> {
  const since = Date.parse(isoDate);
  return Number.isNaN(since) ? {} : { since };
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}

/** Cuts what identifies a row. A digest keeps two long ones apart, since the page groups and sorts by what it shows. */
function identity(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, DIGEST_LENGTH);
  return `${text.slice(0, MAX_TEXT - 1 - DIGEST_LENGTH)}…${digest}`;
}

/** Rounds to what the page shows, so that a row changes only when its text does. */
function round(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
