import { afterAll, beforeAll, expect } from 'vitest';

/** What may come and go in the test runner itself. */
const OTHERS = new Set(['Immediate', 'FSReqCallback', 'FSReqPromise']);
const setTimer = setTimeout;
const pause = () => new Promise(resolve => setTimer(resolve, 20));

let before: ReadonlyMap<string, number>;
beforeAll(async () => {
  before = activeResources();
  // The test runner reports by a timer, which must not stand for one that is left later.
  for (let turn = 0; turn < 10 && before.has('Timeout'); turn += 1) {
    await pause();
    before = activeResources();
  }
});

// Registered first, this comes after all hooks of the file.
afterAll(async () => {
  let left = activeResources();
  // Sockets and processes take some turns of the event loop to close.
  for (let turn = 0; turn < 100 && isMore(left); turn += 1) {
    await pause();
    left = activeResources();
  }
  if (isMore(left))
    expect.fail(`the tests of this file leave something behind that keeps a process alive: ${difference(left)}`);
});

function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) {
    if (!OTHERS.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function difference(after: ReadonlyMap<string, number>): string {
  return [...after]
    .map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const)
    .filter(([, more]) => more > 0)
    .map(([name, more]) => `${more} × ${name}`)
    .join(', ');
}

function isMore(after: ReadonlyMap<string, number>): boolean {
  return difference(after) !== '';
}
