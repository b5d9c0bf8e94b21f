import type { IMember } from 'etcd3';
import { expected } from '../common/expected.js';
import { type EtcdTransport } from './transport.js';
import { EtcdResponseError } from './errors/index.js';
import { hexId } from './hex-id.js';
import { type CallOptions } from './keys/options.js';
import { checkCall } from './keys/check-options.js';

/** A member of the cluster. */
export interface Member {
  /** Hexadecimal, as etcd's own tools write it. */
  readonly id: string;
  /** Empty as long as the member has not started. */
  readonly name: string;
  readonly peerURLs: readonly string[];
  /** Empty as long as the member has not started. */
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

/** etcd demands a scheme, a host and a port, and nothing behind them. */
function checkPeerURL(url: unknown): string {
  if (typeof url === 'string' && /^https?:\/\/[^/@\s]+:\d{1,5}\/?$/.test(url) && URL.canParse(url))
    return url;
  throw expected('peerURL', 'a URL like http://10.0.0.1:2380', url);
}

/**
 * The cluster's members. Changes of the membership are sent once; what etcd refuses (a peer URL that is taken, an id
 * it does not know) is an `EtcdResponseError` with its words.
 */
export class MembersApi {
  constructor(private readonly transport: EtcdTransport) {}

  /** All members, from a linearizable read. */
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
   * Announces a member that is about to join. It counts for the quorum at once.
   *
   * @throws EtcdResponseError when a member with this URL exists
   */
  async add(peerURL: string, options: CallOptions = {}): Promise<Member> {
    checkCall(options);
    const peerURLs = [checkPeerURL(peerURL)];
    const { member } = await this.transport.call(
      {
        what: `adding the member at ${peerURL}`,
        oneShot: true,
        // etcd wants a name, which it does not send: the member brings its own.
        command: () => ['member', 'add', 'new', `--peer-urls=${peerURL}`],
        run: async ({ cluster }, call) => await cluster.memberAdd({ peerURLs }, call),
      },
      options.signal,
    );
    return toMember(member);
  }

  /**
   * Removes a member for good.
   *
   * @throws EtcdResponseError when there is none with this id
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
   * Gives a member other peer URLs.
   *
   * @throws EtcdResponseError when there is none with this id, or a URL is taken
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
   * The member that leads, as the member at hand sees it.
   *
   * @throws EtcdResponseError when the cluster has none, or one that is no member any more
   */
  async leader(options: CallOptions = {}): Promise<Member> {
    checkCall(options);
    return await this.transport.call(
      {
        what: 'asking for the leader',
        command: () => ['endpoint', 'status'],
        run: async ({ cluster, maintenance, endpoint }, call) => {
          const [{ leader }, { members }] = await Promise.all([
            maintenance.status(call),
            cluster.memberList({ linearizable: true }, call),
          ]);
          const found = members.find(({ ID }) => ID === leader);
          if (!found) throw new EtcdResponseError(endpoint, 'the cluster names no leader', undefined);
          return toMember(found);
        },
      },
      options.signal,
    );
  }
}
