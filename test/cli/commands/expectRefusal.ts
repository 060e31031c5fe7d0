import { expect } from 'vitest';
import type { CliResult } from '../../support/startCli.js';

/** Expects that a command failed with one line, which holds a message, and did nothing else. */
export function expectRefusal({ code, stdout, stderr }: CliResult, expectedCode: number, message: string): void {
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
}
