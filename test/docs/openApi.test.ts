import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DispatchService, startDispatchService } from '../../src/service/index.js';

const description = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));
const DISPATCHES = '/frequenz.api.dispatch.v1.MicrogridDispatchService';
const OPERATIONS = '/xstate_dispatch.v1.Operations';

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
ajv.addSchema(description, 'openapi.json');

/** What is wrong with a value by the schema at a path of the description. */
function problemsOf(value: unknown, ...path: (string | number)[]): unknown {
  const pointer = path.map(part => String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
  const validate = ajv.getSchema(`openapi.json#/${encodeURI(pointer)}`);
  if (!validate) throw new Error(`there is no schema ${pointer}`);
  return validate(value) ? null : validate.errors;
}

it('the description is valid OpenAPI', async () => {
  expect(await new Validator().validate(structuredClone(description))).toEqual({ valid: true });
});

it('each method has its path', () => {
  expect(Object.keys(description.paths)).toHaveLength(6 + 3 + 2);
});

describe('requests and answers are as it says', () => {
  let service: DispatchService;
  beforeAll(async () => {
    service = await startDispatchService({ web: {} });
  });
  afterAll(() => service.stop());

  async function call(path: string, body: object) {
    expect(problemsOf(body, 'paths', path, 'post', 'requestBody', 'content', 'application/json', 'schema')).toBe(null);
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(service.webUrl + path, { method: 'POST', headers, body: JSON.stringify(body) });
    const status = response.ok ? 200 : 'default';
    const answer = await response.json();
    const found = problemsOf(
      answer,
      'paths',
      path,
      'post',
      'responses',
      status,
      'content',
      'application/json',
      'schema',
    );
    expect(found).toBe(null);
    return { ok: response.ok, answer };
  }

  const data = {
    type: 'CHARGE',
    startTime: '2035-01-01T08:00:00Z',
    duration: 1_800,
    target: {
      componentCategoriesTypes: {
        categories: [{ category: 'ELECTRICAL_COMPONENT_CATEGORY_BATTERY', battery: 'BATTERY_TYPE_LI_ION' }],
      },
    },
    isActive: true,
    payload: { kw: 4.2 },
    recurrence: { freq: 'FREQUENCY_DAILY', byweekdays: ['WEEKDAY_MONDAY'], endCriteria: { count: 3 } },
  };

  it.each<[string, string, object, boolean]>([
    ['a creation', `${DISPATCHES}/CreateMicrogridDispatch`, { microgridId: 1, dispatchData: data }, true],
    [
      'an update',
      `${DISPATCHES}/UpdateMicrogridDispatch`,
      { microgridId: '1', dispatchId: '1', update: { isActive: false }, updateMask: 'isActive' },
      true,
    ],
    [
      'a list',
      `${DISPATCHES}/ListMicrogridDispatches`,
      { microgridId: 1, filter: { isActive: false }, paginationParams: { pageSize: 5 } },
      true,
    ],
    ['a get', `${DISPATCHES}/GetMicrogridDispatch`, { microgridId: 1, dispatchId: 1 }, true],
    ['a get of nothing', `${DISPATCHES}/GetMicrogridDispatch`, { microgridId: 1, dispatchId: 9 }, false],
    [
      'an invalid creation',
      `${DISPATCHES}/CreateMicrogridDispatch`,
      { microgridId: 1, dispatchData: { type: '' } },
      false,
    ],
    ['a deletion', `${DISPATCHES}/DeleteMicrogridDispatch`, { microgridId: 1, dispatchId: 1 }, true],
    ['the audit', `${OPERATIONS}/ListAudit`, { microgridId: 1 }, true],
    ['who one is', `${OPERATIONS}/Whoami`, {}, true],
    ['the health', '/grpc.health.v1.Health/Check', {}, true],
  ])('%s', async (_, path, body, ok) => {
    expect(await call(path, body)).toMatchObject({ ok });
  });

  it('a wrong request is told from a right one', () => {
    const path = `${DISPATCHES}/GetMicrogridDispatch`;
    const schema = ['paths', path, 'post', 'requestBody', 'content', 'application/json', 'schema'];
    expect(problemsOf({ microgridId: 1, dispatchId: '1' }, ...schema)).toBe(null);
    expect(problemsOf({ microgridId: true, dispatchId: 1 }, ...schema)).not.toBe(null);
    expect(problemsOf({ microgridId: 'one', dispatchId: 1 }, ...schema)).not.toBe(null);
    expect(problemsOf({ dispatchId: 1 }, ...schema)).not.toBe(null);
  });
});
