import { hexId } from '../../etcd-client/hex-id.js';
import { type EtcdCaller } from '../../etcd-client/request.js';
import { redactUrl } from '../../common/redact.js';
import { type RegistryMember } from '../../registry/inspection.js';

/** Reads the members of the cluster, as the member that answers sees them. */
export async function readMembers(
  client: EtcdCaller,
  signal: AbortSignal,
): Promise<readonly RegistryMember[]> {
  return await client.call(
    {
      what: 'listing the members',
      command: () => ['member', 'list'],
      run: async ({ cluster, maintenance }, options) => {
        const [status, { members }] = await Promise.all([
          maintenance.status(options),
          // Linearizable by default; a serializable read is refused by no member.
          cluster.memberList({ linearizable: false }, options),
        ]);
        return members.map(({ ID, name, clientURLs }) => ({
          name: name === '' ? hexId(ID) : name,
          urls: clientURLs.map(redactUrl),
          inUse: ID === status.header.member_id,
          leader: ID === status.leader,
        }));
      },
    },
    signal,
  );
}
