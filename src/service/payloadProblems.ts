import type { JsonObject, JsonValue } from '../model/dispatchRecord.js';

const MAX_DEPTH = 5;
const MAX_BYTES = 50 * 1024;

/** What is wrong with a payload: the contract allows five levels of JSON and 50 KB, and JSON has no infinite number. */
export function payloadProblems(payload: JsonObject | undefined): string[] {
  if (!payload) return [];
  const depth = depthOf(payload);
  if (depth > MAX_DEPTH) return [`nests deeper than ${MAX_DEPTH} levels`];
  const problems: string[] = [];
  const path = findNonFinite(payload, '');
  if (path !== null) problems.push(`${path.slice(1)} is not a finite number`);
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes > MAX_BYTES) problems.push(`has ${bytes} bytes, more than ${MAX_BYTES}`);
  return problems;
}

/** Levels of objects and lists. Messages are at most 100 levels deep, so this cannot overflow the stack. */
function depthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Object.values(value).reduce((deepest: number, inner) => Math.max(deepest, depthOf(inner)), 0);
}

function findNonFinite(value: JsonValue, path: string): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? null : path;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const found = findNonFinite(inner, `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}
