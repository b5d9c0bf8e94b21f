import type { IMember } from 'etcd3';
import { expected } from '../common/expected.js';
import { type EtcdTransport } from './transport.js';
import { EtcdResponseError } from './errors/index.js';
import { hexId } from './hex-id.js';
import { type CallOptions } from './keys/options.js';
import { checkCall } from './keys/check-options.js';

/** A member of the cluster. */
export interface Member {
  /** Hexadecimal, as `etcdctl` prints it. */
  readonly id: string;
  /** Empty until the member has started. */
  readonly name: string;
  readonly peerURLs: readonly string[];
  /** Empty until the member has started. */
  readonly clientURLs: readonly string[];
}

function fromHex(id: unknown): string {
  if (typeof id !== 'string' || !/^[0-9a-f]{1,16}$/i.test(id))
    throw expected('id', "a member's id in hexadecimal, such as 8e9e05c52164694d", id);
  return BigInt(`0x${id}`).toString();
}

function toMember({ ID, name, peerURLs, clientURLs }: IMember): Member {
  return { id: hexId(ID), name, peerURLs: [...peerURLs], clientURLs: [...clientURLs] };
}

function checkPeerURLs(urls: readonly string[]): readonly string[] {
  const given: unknown = urls;
  if (!Array.isArray(given) || urls.length === 0) throw expected('peerURLs', 'at least one URL', urls);
  for (const url of urls) checkPeerURL(url);
  return urls;
}

/** etcd requires a scheme, a host and a port, without a path. */
function checkPeerURL(url: unknown): string {
  if (typeof url === 'string' && /^https?:\/\/[^/@\s]+:\d{1,5}\/?$/.test(url) && URL.canParse(url))
    return url;
  throw expected('peerURL', 'a URL like http://10.0.0.1:2380', url);
}

/**
 * The members of the cluster. Changes are never sent twice. Methods throw a `ClusterError` when no endpoint serves the
 * request, and an `EtcdResponseError` with etcd's reason when the cluster refuses it.
 */
export class MembersApi {
  constructor(private readonly transport: EtcdTransport) {}

  /** Lists all members with a linearizable read. */
  async list(options: CallOptions = {}): Promise<readonly Member[]> {
    checkCall(options);
    const { members } = await this.transport.call(
      {
        what: 'listing the members',
        command: () => ['member', 'list'],
        run: async ({ cluster }, call) => await cluster.memberList({ linearizable: true }, call),
      },
      options.signal,
    );
    return members.map(toMember);
  }

  /**
   * Adds a member before it starts. It counts for the quorum at once.
   *
   * @throws InvalidOptionError when `peerURL` is malformed
   * @throws EtcdResponseError when a member with this URL exists
   */
  async add(peerURL: string, options: CallOptions = {}): Promise<Member> {
    checkCall(options);
    const peerURLs = [checkPeerURL(peerURL)];
    const { member } = await this.transport.call(
      {
        what: `adding the member at ${peerURL}`,
        oneShot: true,
        // etcdctl requires a name but does not send it: a member reports its own name when it starts.
        command: () => ['member', 'add', 'new', `--peer-urls=${peerURL}`],
        run: async ({ cluster }, call) => await cluster.memberAdd({ peerURLs }, call),
      },
      options.signal,
    );
    return toMember(member);
  }

  /**
   * Removes a member permanently.
   *
   * @throws InvalidOptionError when `id` is not hexadecimal
   * @throws EtcdResponseError when no member has this id
   */
  async remove(id: string, options: CallOptions = {}): Promise<void> {
    checkCall(options);
    const ID = fromHex(id);
    await this.transport.call(
      {
        what: `removing the member ${id}`,
        oneShot: true,
        command: () => ['member', 'remove', id],
        run: async ({ cluster }, call) => await cluster.memberRemove({ ID }, call),
      },
      options.signal,
    );
  }

  /**
   * Replaces the peer URLs of a member.
   *
   * @throws InvalidOptionError when `id` is not hexadecimal or a URL is malformed
   * @throws EtcdResponseError when no member has this id, or another member uses a URL
   */
  async update(id: string, peerURLs: readonly string[], options: CallOptions = {}): Promise<void> {
    checkCall(options);
    const ID = fromHex(id);
    const urls = [...checkPeerURLs(peerURLs)];
    await this.transport.call(
      {
        what: `updating the member ${id}`,
        oneShot: true,
        command: () => ['member', 'update', id, `--peer-urls=${urls.join(',')}`],
        run: async ({ cluster }, call) => await cluster.memberUpdate({ ID, peerURLs: urls }, call),
      },
      options.signal,
    );
  }

  /**
   * The leader, as seen by the member that answers.
   *
   * @throws EtcdResponseError when there is no leader, or it is no longer a member
   */
  async leader(options: CallOptions = {}): Promise<Member> {
    checkCall(options);
    return await this.transport.call(
      {
        what: 'reading the leader',
        command: () => ['endpoint', 'status'],
        run: async ({ cluster, maintenance, endpoint }, call) => {
          const [{ leader }, { members }] = await Promise.all([
            maintenance.status(call),
            cluster.memberList({ linearizable: true }, call),
          ]);
          const found = members.find(({ ID }) => ID === leader);
          if (!found) throw new EtcdResponseError(endpoint, 'the cluster has no leader', undefined);
          return toMember(found);
        },
      },
      options.signal,
    );
  }
}
