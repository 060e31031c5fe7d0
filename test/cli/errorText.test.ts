import { expect, it } from 'vitest';
import { errorJson, errorLines } from '../../src/cli/output/errorText.js';
import { DispatchError } from '../../src/model/dispatchError.js';

const violations = [
  { field: 'dispatch_data.type', description: 'dispatch_data.type must have 1 to 256 characters' },
  { field: 'dispatch_data.payload', description: 'dispatch_data.payload must have 50 KB at most' },
];
const error = new DispatchError('INVALID_ARGUMENT', 'INVALID_ARGUMENT: 2 fields are wrong', { violations });

it('tells every field that is wrong in a line of its own', () => {
  expect(errorLines(error)).toEqual([
    'INVALID_ARGUMENT: 2 fields are wrong',
    '- dispatch_data.type must have 1 to 256 characters',
    '- dispatch_data.payload must have 50 KB at most',
  ]);
});

it('tells nothing twice', () => {
  const [first, second] = violations.map(({ description }) => description);
  const strung = new DispatchError('INVALID_ARGUMENT', `INVALID_ARGUMENT: ${first}; ${second}`, { violations });
  expect(errorLines(strung)).toEqual(['INVALID_ARGUMENT: the request is invalid', `- ${first}`, `- ${second}`]);
  const one = { violations: violations.slice(0, 1) };
  const message = `INVALID_ARGUMENT: ${first}`;
  expect(errorLines(new DispatchError('INVALID_ARGUMENT', message, one))).toEqual([message]);
});

it('tells the whole error in JSON', () => {
  expect(errorJson(error)).toEqual({
    error: { code: 'INVALID_ARGUMENT', message: error.message, violations, retryable: false },
  });
  expect(errorJson(new Error('broken'))).toEqual({ error: { code: 'UNKNOWN', message: 'broken', retryable: false } });
});
