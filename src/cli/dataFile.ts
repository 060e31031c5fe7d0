import { join } from 'node:path';

import { userFolder } from './userFolder.js';

/** Path of a file in the user's folder for data. */
export function dataFile(name: string): string {
  return join(userFolder('data'), name);
}
