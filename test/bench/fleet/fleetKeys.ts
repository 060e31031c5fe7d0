import { randomBytes } from 'node:crypto';
import { signRequest } from '../../../src/wire/signature.js';
import type { KeyEntry } from '../../support/keysFile.js';

/** Microgrids of one API key. */
const MICROGRIDS_PER_KEY = 100;

/** The entries of a keys file for so many microgrids. */
export function fleetKeys(microgrids: number): KeyEntry[] {
  return Array.from({ length: Math.ceil(microgrids / MICROGRIDS_PER_KEY) }, (_, index) => ({
    name: `partner-${index}`,
    ...keyOf(index),
    microgrids: Array.from({ length: MICROGRIDS_PER_KEY }, (_, i) => index * MICROGRIDS_PER_KEY + i + 1),
  }));
}

/** The metadata of a signed call for a microgrid. */
export function signedFor(microgridId: number, methodPath: string): Record<string, string> {
  const { key, secret } = keyOf(Math.floor((microgridId - 1) / MICROGRIDS_PER_KEY));
  const ts = Math.floor(Date.now() / 1_000);
  return { ...signRequest({ authKey: key, signSecret: secret, methodPath, ts, nonce: randomBytes(16) }) };
}

function keyOf(index: number): { key: string; secret: string } {
  return { key: `key-of-partner-${index}`, secret: `secret-of-partner-${index}-of-the-fleet-benchmark` };
}
