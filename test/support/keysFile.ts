import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporaryFolder.js';

/** An entry of a file of API keys. */
export interface KeyEntry {
  readonly name: string;
  readonly key: string;
  readonly secret?: string;
  readonly microgrids: 'all' | readonly number[];
  readonly access?: 'read' | 'write';
  readonly audit?: boolean;
}

/** A file of API keys that is gone when it is disposed of. */
export function keysFile(keys: readonly KeyEntry[]): Disposable & {
  readonly path: string;
  readonly folder: string;
  /** Puts other keys in their place, by renaming. */
  replace(keys: readonly KeyEntry[]): void;
  /** Puts another text in their place, by renaming. */
  replaceText(text: string): void;
} {
  const folder = temporaryFolder();
  const path = join(folder.path, 'keys.json');
  const replaceText = (text: string) => {
    writeFileSync(`${path}.new`, text);
    chmodSync(`${path}.new`, 0o600);
    renameSync(`${path}.new`, path);
  };
  const replace = (next: readonly KeyEntry[]) => replaceText(JSON.stringify({ keys: next }));
  replace(keys);
  return { path, folder: folder.path, replace, replaceText, [Symbol.dispose]: folder[Symbol.dispose] };
}
