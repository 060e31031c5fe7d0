import { Code, ConnectError } from '@connectrpc/connect';
import { errorFromJsonBytes } from '@connectrpc/connect/protocol-connect';
import { BadRequest } from 'nice-grpc-error-details';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DispatchService, startDispatchService } from '../../../src/service/index.js';
import { created, inSeconds, rawClient } from '../../support/rawService.js';
import { type Message, PROTOCOLS, type WebClient, webClient } from '../../support/webClients.js';

let service: DispatchService;
let baseUrl: string;
beforeAll(async () => {
  service = await startDispatchService({ web: {} });
  baseUrl = service.webUrl ?? '';
});
afterAll(() => service.stop());

const dispatchData = () => ({
  type: 'CHARGE',
  startTime: inSeconds(3_600),
  duration: 600,
  target: { components: { case: 'componentIds', value: { ids: [5n] } } },
  isActive: true,
  payload: { power_kw: 4.2, modes: ['a', { b: null }] },
});

let microgrids = 100n;

describe.each(Object.entries(PROTOCOLS))('%s', (protocol, makeTransport) => {
  const isJson = protocol.endsWith('JSON');
  const client = (): WebClient => webClient(makeTransport({ baseUrl, httpVersion: '1.1' }));

  it('makes all calls that are no streams', async () => {
    const microgridId = microgrids++;
    const calls = client();
    const { dispatch } = await calls.createMicrogridDispatch({ microgridId, dispatchData: dispatchData() });
    const { dispatchId } = dispatch.metadata;
    expect(dispatch.data).toMatchObject({
      type: 'CHARGE',
      duration: 600,
      payload: { power_kw: 4.2, modes: ['a', { b: null }] },
    });
    const changed = await calls.updateMicrogridDispatch({
      microgridId,
      dispatchId,
      update: { isActive: false },
      updateMask: { paths: ['is_active'] },
    });
    expect(changed.dispatch.data.isActive).toBe(false);
    expect(await calls.getMicrogridDispatch({ microgridId, dispatchId })).toMatchObject({
      dispatch: { metadata: { dispatchId } },
    });
    const list = await calls.listMicrogridDispatches({ microgridId });
    expect(list.dispatches.map(({ metadata }: Message) => metadata.dispatchId)).toEqual([dispatchId]);
    expect(list.paginationInfo.totalItems).toBe(1);
    await calls.deleteMicrogridDispatch({ microgridId, dispatchId });
    await expect(calls.getMicrogridDispatch({ microgridId, dispatchId })).rejects.toMatchObject({
      code: Code.NotFound,
      rawMessage: `microgrid ${microgridId} has no dispatch ${dispatchId}`,
    });
  });

  it('tells all that is wrong with a request', async () => {
    const invalid = { ...dispatchData(), type: '', duration: undefined, startTime: undefined };
    const error: ConnectError = await client()
      .createMicrogridDispatch({ microgridId: 1n, dispatchData: invalid })
      .catch((reason: unknown) => reason as never);
    expect(error.code).toBe(Code.InvalidArgument);
    const [detail] = error.details as { type: string; value: Uint8Array }[];
    expect(detail?.type).toBe('google.rpc.BadRequest');
    const fields = BadRequest.decode(detail?.value ?? new Uint8Array()).fieldViolations.map(({ field }) => field);
    expect(fields).toEqual(
      isJson ? ['dispatchData.type', 'dispatchData.startTime'] : ['dispatch_data.type', 'dispatch_data.start_time'],
    );
  });

  it('opens a stream at once, and gets each change', async () => {
    const microgridId = microgrids++;
    const leave = new AbortController();
    let opened: (headers: Headers) => void = () => {};
    const headers = new Promise<Headers>(resolve => {
      opened = resolve;
    });
    const stream = client().streamMicrogridDispatches({ microgridId }, { signal: leave.signal, onHeader: opened });
    const events = stream[Symbol.asyncIterator]();
    const first = events.next();
    expect(Object.fromEntries(await headers)).toMatchObject({
      'change-log-position': '0',
      'server-time': expect.any(String),
    });
    const { client: raw, channel } = rawClient(service);
    const { id } = await created(raw, {}, microgridId);
    await raw.deleteMicrogridDispatch({ microgridId, dispatchId: id });
    channel.close();
    expect((await first).value).toMatchObject({ event: 1, dispatch: { metadata: { dispatchId: id } } });
    expect((await events.next()).value).toMatchObject({ event: 3, dispatch: { metadata: { dispatchId: id } } });
    leave.abort();
    await expect(events.next()).rejects.toMatchObject({ code: Code.Canceled });
  });

  it('is told why a stream is not opened', async () => {
    const headers = { 'resume-after': '0' };
    const audit = webClient(makeTransport({ baseUrl, httpVersion: '1.1' }), 'xstate_dispatch.v1.Operations');
    const events = audit.followAudit({ microgridId: 1n, afterSeq: 99n }, { headers })[Symbol.asyncIterator]();
    await expect(events.next()).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: `${isJson ? 'afterSeq' : 'after_seq'}: the change log of the microgrid ends at 0`,
    });
  });

  it('makes the calls of the other contracts', async () => {
    const transport = makeTransport({ baseUrl, httpVersion: '1.1' });
    expect(await webClient(transport, 'xstate_dispatch.v1.Operations').whoami({})).toMatchObject({
      allMicrogrids: true,
    });
    const health = webClient(transport, 'grpc.health.v1.Health');
    expect(await health.check({})).toMatchObject({ status: 1 });
    const [watched] = [health.watch({})[Symbol.asyncIterator]()];
    expect((await watched.next()).value).toMatchObject({ status: 1 });
    await watched.return?.();
  });
});

describe('plain JSON', () => {
  const post = (method: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${baseUrl}/frequenz.api.dispatch.v1.MicrogridDispatchService/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  it('answers with every field, and errors with a status and details', async () => {
    const list = await post('ListMicrogridDispatches', { microgridId: 1 });
    expect(list.headers.get('content-type')).toBe('application/json');
    expect(await list.json()).toEqual({ dispatches: [], paginationInfo: { totalItems: 0 } });
    const missing = await post('GetMicrogridDispatch', { microgridId: '1', dispatchId: 99 });
    expect(missing.status).toBe(404);
    expect(await missing.json()).toEqual({ code: 'not_found', message: 'microgrid 1 has no dispatch 99' });
    const wrong = await post('CreateMicrogridDispatch', { microgridId: 1, dispatchData: { type: '' } });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({
      code: 'invalid_argument',
      details: [
        {
          type: 'google.rpc.BadRequest',
          debug: {
            fieldViolations: expect.arrayContaining([{ field: 'dispatchData.type', description: expect.any(String) }]),
          },
        },
      ],
    });
  });

  it.each([
    ['{"microgridId":1,', 'the request is no JSON'],
    ['', 'the request is no JSON'],
    ['[]', 'the request must be an object such as {"microgridId": …}, not a list'],
    ['{"microgridId":-1}', 'microgridId: '],
    ['{"microgrid":1}', 'microgrid: is no field of CreateMicrogridDispatchRequest'],
    ['{"dispatchData":{"startTime":"tomorrow"}}', 'dispatchData.startTime: '],
    ['{"dispatchData":{"recurrence":{"byhours":[1,"x"]}}}', 'dispatchData.recurrence.byhours[1]: '],
    ['{"dispatchData":{"recurrence":{"freq":"HOURLYS"}}}', 'dispatchData.recurrence.freq: '],
    [
      '{"dispatchData":{"target":{"componentCategoriesTypes":{"categories":[{"battery":7.5}]}}}}',
      'dispatchData.target.componentCategoriesTypes.categories[0].battery: ',
    ],
    ['{"dispatchData":{"duration":"long"}}', 'dispatchData.duration: '],
    ['{"microgridId":1,"dispatchData":{"payload":5}}', 'dispatchData.payload: '],
  ])('names what is wrong in %s', async (body, message) => {
    const answer = await post('CreateMicrogridDispatch', body);
    expect(answer.status).toBe(400);
    const error = errorFromJsonBytes(
      new Uint8Array(await answer.arrayBuffer()),
      undefined,
      new ConnectError('no error'),
    );
    expect(error.rawMessage.slice(0, message.length)).toBe(message);
    expect(error.rawMessage.length).toBeLessThan(400);
  });
});
