import { EtcdClient } from '../../../lib/etcd-client/etcd-client.js';
import { KeysError } from '../../../lib/etcd-client/errors/index.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';

/** A server for one spec file, and a client of it. */
export interface KeysClient {
  etcd: EtcdCluster;
  client: EtcdClient;
}

/** Adds the hooks that start and end the server and its client, which are there from the first test on. */
export function keysClientOfThisFile(): KeysClient {
  const opened: Partial<KeysClient> = {};
  beforeAll(async () => {
    opened.etcd = await startEtcd();
    // A hundred requests at a time on a busy machine: none is that late.
    opened.client = await EtcdClient.create({ endpoints: opened.etcd.urls, headerTimeoutPerRequest: 20 });
  });
  afterAll(async () => {
    await opened.client?.close();
    await opened.etcd?.stop();
  });
  return opened as KeysClient;
}

/** The code of the KeysError that `run` fails with. */
export async function codeOf(run: Promise<unknown>): Promise<number> {
  try {
    await run;
  } catch (error) {
    if (error instanceof KeysError) return error.code;
    throw error;
  }
  throw new Error('Expected a KeysError, got an answer.');
}
