import { type EtcdCaller } from './request.js';
import { parseEndpoint } from './endpoint.js';

/** Where a cluster's members serve clients. */
export interface MemberEndpoints {
  /** Every client URL of every member that has started. */
  readonly endpoints: readonly string[];
  /** The first client URL of the leader, where there is one. */
  readonly leader: string | undefined;
}

/** Asks the cluster where its members serve clients. */
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
