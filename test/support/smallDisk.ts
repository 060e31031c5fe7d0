import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporaryFolder.js';

/** A file system of its own in memory, which can be full. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Takes all the room that is left. */
  fill(): void;
  /** Gives it back. */
  free(): void;
}

/** What is missing to make a small disk, or null. */
export function missingSmallDisk(): string | null {
  try {
    smallDisk(1)[Symbol.dispose]();
    return null;
  } catch {
    return 'needs to mount a file system, as root may';
  }
}

/** Mounts a disk of so many megabytes. */
export function smallDisk(megabytes: number): SmallDisk {
  const folder = temporaryFolder();
  const { path } = folder;
  const ballast = join(path, 'ballast');
  const mount = (command: string, ...args: string[]) => execFileSync(command, [...args, path], { stdio: 'pipe' });
  try {
    mount('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0777`, 'tmpfs');
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
  return {
    path,
    fill() {
      const file = openSync(ballast, 'w');
      for (let block = Buffer.alloc(1024 * 1024); block.length > 0; ) {
        try {
          writeSync(file, block);
        } catch {
          block = block.subarray(0, block.length >> 1);
        }
      }
      closeSync(file);
    },
    free: () => rmSync(ballast),
    [Symbol.dispose]() {
      mount('umount', '--lazy');
      folder[Symbol.dispose]();
    },
  };
}
