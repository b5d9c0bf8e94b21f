import { EtcdResponseError } from '../../etcd-client/errors/index.js';
import { type EtcdTransport } from '../../etcd-client/transport.js';
import { messageOf } from '../../common/thrown.js';
import { clockFinding, type ExaminedRights, type Finding } from '../../registry/inspection.js';
import { type EtcdLayout } from './etcd-layout.js';
import { readMembers } from './members.js';
import { registryError, type RequiredPermission } from './registry-error.js';

/** Everything a check needs. */
export interface ExamineContext {
  readonly url: string;
  readonly client: EtcdTransport;
  readonly layout: EtcdLayout;
}

/** The oldest version that the tests of this library use. */
const OLDEST_VERSION = [3, 4] as const;

/** The check that a wrong password fails, or none where etcd asks for one. */
const CREDENTIALS = 'credentials';

/** Checks a cluster: version, members, clock, and the permissions of the user. Writes nothing. */
export async function examineCluster(
  context: ExamineContext,
  { service, key }: ExaminedRights,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { client, layout } = context;
  const folder = layout.rangeOf({ kind: 'service', service });
  const checks: readonly (readonly [string, () => Promise<Finding>])[] = [
    ['version', async () => versionFinding(await client.version(signal))],
    ['members', async () => await membersFinding(context, signal)],
    ['clock', async () => clockFinding(await client.serverTime(signal), client.deps.clock.wall())],
    [
      `read ${service}`,
      async () => {
        await client.call(
          {
            what: `reading service "${service}"`,
            run: async ({ kv }, options) =>
              await kv.range(
                { key: folder.key, range_end: folder.rangeEnd ?? folder.key, limit: 1, keys_only: true },
                options,
              ),
          },
          signal,
        );
        return { check: `read ${service}`, status: 'ok', message: 'allowed' };
      },
    ],
    [`write ${service}`, async () => await writeFinding(context, `write ${service}`, folder.key, signal)],
    [
      'write sessions',
      async () =>
        await writeFinding(context, 'write sessions', Buffer.from(layout.sessionKeyOf('0')), signal),
    ],
    ...(key === undefined
      ? []
      : ([
          [
            `write ${key}`,
            async () =>
              await writeFinding(
                context,
                `write ${key}`,
                Buffer.from(layout.keyOf({ kind: 'key', key })),
                signal,
              ),
          ],
        ] as const)),
  ];
  const needs: Readonly<Record<string, RequiredPermission>> = {
    [`read ${service}`]: `read ${layout.permissionTarget({ kind: 'service', service })}`,
    [`write ${service}`]: `readwrite ${layout.permissionTarget({ kind: 'service', service })}`,
    'write sessions': `readwrite --prefix ${layout.sessionsPrefix}`,
    ...(key === undefined ? {} : { [`write ${key}`]: `readwrite ${key}` as const }),
  };
  const findings = await Promise.all(
    checks.map(async ([check, run]) => await finding(context, check, needs[check], run, signal)),
  );
  // Wrong credentials fail each check in the same way.
  return findings.filter(
    ({ check }, index) =>
      check !== CREDENTIALS || findings.findIndex((each) => each.check === check) === index,
  );
}

async function finding(
  { url }: ExamineContext,
  check: string,
  needed: RequiredPermission | undefined,
  run: () => Promise<Finding>,
  signal: AbortSignal,
): Promise<Finding> {
  try {
    return await run();
  } catch (error) {
    if (signal.aborted) throw error;
    const message = messageOf(registryError(url, error));
    if (error instanceof EtcdResponseError && error.unauthenticated)
      return {
        check: CREDENTIALS,
        status: 'failed',
        message,
        advice:
          'Check the user name and the password: etcd://user:password@…, or --user and SIDEKICK_PASSWORD.',
      };
    const advice =
      needed === undefined
        ? 'Check that every endpoint is an etcd server which this machine reaches, and its credentials.'
        : `Check the user's role; the permission it needs: etcdctl role grant-permission ROLE ${needed}`;
    return { check, status: 'failed', message, advice };
  }
}

function versionFinding({ etcdserver, etcdcluster }: { etcdserver: string; etcdcluster: string }): Finding {
  const [major = 0, minor = 0] = etcdserver.split('.').map(Number);
  const old = major < OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor < OLDEST_VERSION[1]);
  const message = `etcd ${etcdserver}, cluster ${etcdcluster}`;
  return old
    ? {
        check: 'version',
        status: 'warning',
        message,
        advice: `Use etcd ${OLDEST_VERSION.join('.')} or later.`,
      }
    : { check: 'version', status: 'ok', message };
}

async function membersFinding({ client }: ExamineContext, signal: AbortSignal): Promise<Finding> {
  const members = await readMembers(client, signal);
  const leader = members.find((member) => member.leader);
  const used = members.find(({ inUse }) => inUse);
  const message = `${members.length} (${members.map(({ name }) => name).join(', ')}), leader ${leader?.name ?? 'none'}, in use ${used?.name ?? 'unknown'}`;
  if (!leader)
    return { check: 'members', status: 'failed', message, advice: 'Start enough members for a majority.' };
  if (members.length % 2 === 0)
    return { check: 'members', status: 'warning', message, advice: 'Run an odd number of members.' };
  return { check: 'members', status: 'ok', message };
}

/** Checks a write by a transaction whose condition is never true: etcd checks the permission, and writes nothing. */
async function writeFinding(
  { client }: ExamineContext,
  check: string,
  key: Buffer,
  signal: AbortSignal,
): Promise<Finding> {
  await client.call(
    {
      what: `checking the permission to ${check}`,
      run: async ({ kv }, options) =>
        await kv.txn(
          {
            compare: [{ key, target: 'Version', result: 'Equal', version: '-1' }],
            success: [{ request_put: { key, value: Buffer.alloc(0) } }],
          },
          options,
        ),
    },
    signal,
  );
  return { check, status: 'ok', message: 'allowed' };
}
