import { type ServiceDump } from '../piloted/discovery.service.js';
import { CallWindow } from './call-window.js';
import { type DashboardRecorder } from './dashboard-recorder.js';
import { dashboardRows } from './dashboard-rows.js';
import { type RegistryMembers } from './registry-members.js';
import { type EndpointRow, type Row } from './rows.js';
import { type Sources } from './sources.js';

function rowsOf(services: readonly { readonly name: string; readonly ids: readonly string[] }[]): Row[] {
  const dumps = services.map(({ name, ids }) => ({
    name,
    endpoints: ids.map((id) => ({ id, address: '10.0.0.1', port: 80, weight: 1, tags: [], state: 'active' })),
  })) as unknown as ServiceDump[];
  const rows = dashboardRows({
    sources: { discovery: { dump: () => ({ services: dumps }) } } as unknown as Sources,
    recorder: { calls: new CallWindow(), journal: [] } as unknown as DashboardRecorder,
    members: { rows: () => [] } as unknown as RegistryMembers,
    title: 'test',
    now: 0,
    startedAt: 0,
  });
  return [...rows.values()];
}

const endpoints = (rows: readonly Row[]): EndpointRow[] => rows.filter((row) => row.kind === 'endpoint');

describe('the rows of the dashboard', () => {
  const long = 'x'.repeat(400);

  it('has a row for each endpoint, also where long ids differ only at their end', () => {
    const rows = endpoints(rowsOf([{ name: 'web', ids: [`${long}1`, `${long}2`, 'short'] }]));
    expect(new Set(rows.map(({ id }) => id)).size).toBe(3);
    expect(rows.map(({ id }) => id.length)).toEqual([300, 300, 5]);
  });

  it('has a row for each endpoint, also where names and ids have slashes', () => {
    const rows = rowsOf([
      { name: 'team', ids: ['web/1'] },
      { name: 'team/web', ids: ['1'] },
    ]);
    expect(endpoints(rows).map(({ service, id }) => [service, id])).toEqual([
      ['team', 'web/1'],
      ['team/web', '1'],
    ]);
  });

  it('keeps the endpoints of services with long names apart', () => {
    const rows = rowsOf([
      { name: `${long}1`, ids: ['a'] },
      { name: `${long}2`, ids: ['b'] },
    ]);
    const names = rows.flatMap((row) => (row.kind === 'service' ? [row.name] : []));
    expect(endpoints(rows).map(({ service }) => service)).toEqual(names);
    expect(new Set(names).size).toBe(2);
  });
});
