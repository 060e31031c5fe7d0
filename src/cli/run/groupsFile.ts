import { open, readFile, rename, rm } from 'node:fs/promises';

import { messageOf } from '../../model/dispatchError.js';

/** A process group that a command runs in. */
export interface StartedGroup {
  /** Process id of the leader, which is the id of the group. */
  readonly pid: number;
  /** When the leader was started, as `ProcessTable` tells it; empty where that cannot be known. */
  readonly startedAt: string;
}

/** Format of the file. */
const formatVersion = 1;

/** Reads the groups in a file; none where there is no file. Rejects when they cannot be read; the message says why in plain words. */
export async function readGroups(file: string): Promise<StartedGroup[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  if (text.trim() === '') throw new Error('it is empty');
  const content = contentOf(text);
  if (content?.formatVersion !== undefined && content.formatVersion !== formatVersion)
    throw new Error(`its format is ${content.formatVersion}, not ${formatVersion}`);
  const groups = content?.formatVersion === undefined ? undefined : content.groups;
  if (!Array.isArray(groups) || !groups.every(isGroup)) throw new Error('its content is damaged');
  return groups;
}

/** Replaces the file as a whole, so that a power cut leaves the old or the new one; without groups there is no file. */
export async function writeGroups(file: string, groups: readonly StartedGroup[]): Promise<void> {
  if (groups.length === 0) return rm(file, { force: true });
  const written = `${file}.new`;
  {
    await using handle = await open(written, 'w');
    await handle.writeFile(`${JSON.stringify({ formatVersion, groups })}\n`);
    await handle.sync();
  }
  await rename(written, file);
}

/** Gives a file that cannot be read another name; returns a text that says so. */
export async function putAside(file: string): Promise<string> {
  const aside = `${file}.damaged`;
  return rename(file, aside).then(
    () => `it is kept as ${aside}`,
    error => `and cannot be renamed: ${messageOf(error)}`,
  );
}

function contentOf(text: string): { formatVersion?: unknown; groups?: unknown } | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The ids 0 and 1 would mean the own group, and every process there is. */
function isGroup(value: unknown): value is StartedGroup {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, startedAt } = value as Partial<Record<keyof StartedGroup, unknown>>;
  return Number.isSafeInteger(pid) && Number(pid) > 1 && typeof startedAt === 'string';
}
