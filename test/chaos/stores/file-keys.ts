import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../harness/wait.js';
import { type KeyChange } from '../recording/event.js';
import { type KeyLog, type KeyStore } from './key-store.js';

interface Found {
  readonly file: string;
  readonly number: number;
  readonly value: string;
  readonly session: string | undefined;
}

/** Keys in a folder, each in the file with the highest number. */
export class FileKeys implements KeyStore {
  readonly name = 'file';
  private hands = 0;

  constructor(private readonly root: string) {}

  get url(): string {
    return `file:${this.root}`;
  }

  async read(key: string): Promise<string | undefined> {
    return (await this.newest(key))?.value;
  }

  async write(key: string, value: string): Promise<void> {
    const file = (await this.newest(key))?.file ?? `${key}@1.json`;
    const draft = join(this.root, `by-hand-${++this.hands}`);
    await writeFile(draft, JSON.stringify({ format: 1, key, value }));
    await rename(draft, join(this.root, 'keys', file));
  }

  async remove(key: string): Promise<void> {
    for (const { file } of await this.files(key)) await rm(join(this.root, 'keys', file), { force: true });
  }

  async follow(key: string): Promise<KeyLog> {
    const changes: KeyChange[] = [];
    const ending = new AbortController();
    let last = await this.newest(key);
    const look = async (): Promise<void> => {
      const found = await this.newest(key);
      const same = found?.number === last?.number && found?.value === last?.value;
      if (same && found?.session === last?.session) return;
      const revision = found?.number ?? (last?.number ?? 0) + 1;
      last = found;
      if (!found) changes.push({ key, kind: 'delete', revision });
      else {
        const { value, session } = found;
        changes.push({
          key,
          kind: 'put',
          revision,
          value,
          ...(session === undefined ? {} : { lease: session }),
        });
      }
    };
    const running = (async () => {
      while (!ending.signal.aborted) {
        await look();
        await sleep(10);
      }
    })();
    return {
      complete: false,
      end: async () => {
        ending.abort();
        await running;
        await look();
        return changes;
      },
    };
  }

  /** The newest file that is still there when it is read. */
  private async newest(key: string): Promise<Found | undefined> {
    for (;;) {
      const [top] = (await this.files(key)).sort((a, b) => b.number - a.number);
      if (!top) return undefined;
      const text = await readFile(join(this.root, 'keys', top.file), 'utf8').catch(() => undefined);
      if (text === undefined) continue;
      const { value, session } = JSON.parse(text) as { value: string; session?: string };
      return { ...top, value, session };
    }
  }

  private async files(key: string): Promise<{ file: string; number: number }[]> {
    const names = await readdir(join(this.root, 'keys')).catch(() => [] as string[]);
    return names.flatMap((file) => {
      const [, stem, number] = /^([^@]+)@(\d+)\.json$/.exec(file) ?? [];
      return stem === key ? [{ file, number: Number(number) }] : [];
    });
  }
}
