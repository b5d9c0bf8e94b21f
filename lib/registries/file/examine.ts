import { randomBytes } from 'node:crypto';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { type Finding } from '../../registry/inspection.js';
import { type FileStore } from './file-store.js';
import { asRegistryError, errnoOf } from './fs-error.js';
import { adviceOnNotifications } from './notifications.js';
import { ensureRoot } from './root.js';
import { createFile, removeFile } from './write-file.js';

/** Checks the folder of a registry: its permissions, hard links, notifications. */
export async function examineFolder({ url, layout }: FileStore): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    await ensureRoot(layout);
    findings.push({
      check: 'folder',
      status: 'ok',
      message: `${layout.root}, for this user on this machine`,
    });
  } catch (error) {
    return [failed(url, 'folder', error)];
  }
  const probe = join(layout.temporary, randomBytes(12).toString('hex'));
  try {
    await createFile(layout, probe, '');
    findings.push({ check: 'hard links', status: 'ok', message: 'supported by the file system' });
  } catch (error) {
    findings.push(failed(url, 'hard links', error));
  } finally {
    await removeFile(probe);
  }
  findings.push(notifications(layout.root));
  return findings;
}

function failed(url: string, check: string, error: unknown): Finding {
  return {
    check,
    status: 'failed',
    message: asRegistryError(url, error).message,
    advice: 'Name a folder of this user on a local file system: file:/some/folder.',
  };
}

function notifications(root: string): Finding {
  const check = 'notifications';
  try {
    watch(root)
      .on('error', () => undefined)
      .close();
    return { check, status: 'ok', message: 'changes are seen at once' };
  } catch (error) {
    const message = `changes are seen by polling only (${errnoOf(error) ?? String(error)})`;
    return { check, status: 'warning', message, advice: adviceOnNotifications(error) };
  }
}
