import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What is missing to run these programs, or null. */
export function missingProgram(...names: readonly string[]): string | null {
  const missing = names.filter(name => !isInPath(name));
  return missing.length === 0 ? null : `needs ${missing.join(' and ')} in the path`;
}

function isInPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(folder => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
