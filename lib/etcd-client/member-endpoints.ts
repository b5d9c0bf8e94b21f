import { type EtcdCaller } from './request.js';
import { parseEndpoint } from './endpoint.js';

/** The client URLs of a cluster. */
export interface MemberEndpoints {
  /** All client URLs of all members that have started. */
  readonly endpoints: readonly string[];
  /** The first client URL of the leader; undefined without a leader. */
  readonly leader: string | undefined;
}

/**
 * Reads the client URLs of the cluster's members.
 *
 * @throws as {@link EtcdCaller.call}
 */
export async function memberEndpoints(
  caller: EtcdCaller,
  signal: AbortSignal | undefined,
): Promise<MemberEndpoints> {
  return await caller.call(
    {
      what: 'listing the members',
      command: () => ['member', 'list'],
      run: async ({ cluster, maintenance }, options) => {
        const [{ members }, { leader }] = await Promise.all([
          cluster.memberList({ linearizable: true }, options),
          maintenance.status(options),
        ]);
        const urls = ({ clientURLs }: { clientURLs: readonly string[] }): string[] =>
          clientURLs.map((url) => parseEndpoint(url));
        return {
          endpoints: members.flatMap(urls),
          leader: members.filter(({ ID }) => ID === leader).flatMap(urls)[0],
        };
      },
    },
    signal,
  );
}
