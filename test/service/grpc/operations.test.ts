import { Metadata, Status } from 'nice-grpc-common';
import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../proto/gen/xstate_dispatch/v1/operations.js';
import { DEFAULT_LIMITS } from '../../../src/service/access/callLimits.js';
import { type ApiKey, keyRing } from '../../../src/service/access/keyRing.js';
import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { NOTE } from '../../../src/wire/note.js';
import { REQUEST_ID } from '../../../src/wire/requestId.js';
import { created, dispatchData } from '../../support/rawService.js';
import { servedStore, withKeys } from '../../support/servedStore.js';

const writer: ApiKey = { name: 'writer', key: 'w', secret: undefined, microgrids: new Set([1, 2]) };
const auditor: ApiKey = {
  name: 'auditor',
  key: 'a',
  secret: undefined,
  microgrids: new Set([1]),
  access: 'read',
  audit: true,
};
const by = ({ key }: ApiKey, more: Record<string, string | Buffer> = {}) => ({ metadata: Metadata({ key, ...more }) });
const noted = (text: string) => ({ [NOTE]: Buffer.from(text) });

async function served() {
  const keys = keyRing([writer, auditor]);
  return { ...(await servedStore(memoryStore(), { access: withKeys(keys) })), keys };
}

/** What an entry says, briefly. */
function brief({ seq, keyName, method, note, before, after }: AuditEntry) {
  return [Number(seq), keyName, method.slice(0, 6), note, before?.data?.duration, after?.data?.duration];
}

describe('whoami', () => {
  it('tells of a key and its rights', async () => {
    await using service = await served();
    const { serverTime, ...rights } = await service.operations.whoami({}, by(auditor));
    expect(rights).toEqual({
      keyName: 'auditor',
      allMicrogrids: false,
      microgridIds: [1n],
      mayWrite: false,
      mayReadAudit: true,
    });
    expect(Math.abs(Number(serverTime?.seconds) - Date.now() / 1000)).toBeLessThan(60);
    expect(await service.operations.whoami({}, by(writer))).toMatchObject({ mayWrite: true, mayReadAudit: false });
    await expect(service.operations.whoami({}, { metadata: Metadata({ key: 'x' }) })).rejects.toMatchObject({
      code: Status.UNAUTHENTICATED,
    });
  });

  it('tells that a service without keys allows everything', async () => {
    await using service = await servedStore();
    expect(await service.operations.whoami({})).toMatchObject({
      allMicrogrids: true,
      microgridIds: [],
      mayWrite: true,
      mayReadAudit: true,
    });
    expect((await service.operations.whoami({})).keyName).toBeUndefined();
  });
});

describe('the audit', () => {
  it('lists who changed what, why, and from what to what', async () => {
    await using service = await served();
    const { dispatches, operations } = service;
    const request = { microgridId: 1n, dispatchData: dispatchData({ duration: 60 }) };
    const { dispatch } = await dispatches.createMicrogridDispatch(request, by(writer, { [REQUEST_ID]: 'r1' }));
    // A retry is answered as the first time, and is no change.
    await dispatches.createMicrogridDispatch(request, by(writer, { [REQUEST_ID]: 'r1' }));
    const ids = { microgridId: 1n, dispatchId: dispatch?.metadata?.dispatchId as bigint };
    const change = { ...ids, updateMask: ['duration'], update: { duration: 90 } };
    await dispatches.updateMicrogridDispatch(change, by(writer, noted('länger, auf Wunsch')));
    await dispatches.deleteMicrogridDispatch(ids, by(writer));

    const { entries, nextPageToken } = await operations.listAudit({ microgridId: 1n, oldestFirst: true }, by(auditor));
    expect(entries.map(brief)).toEqual([
      [1, 'writer', 'Create', undefined, undefined, 60],
      [2, 'writer', 'Update', 'länger, auf Wunsch', 60, 90],
      [3, 'writer', 'Delete', undefined, 90, undefined],
    ]);
    expect(entries[0]).toMatchObject({
      requestId: 'r1',
      dispatchId: ids.dispatchId,
      time: dispatch?.metadata?.updateTime,
    });
    expect(nextPageToken).toBe('');

    const first = await operations.listAudit({ microgridId: 1n, pageSize: 2 }, by(auditor));
    expect(first.entries.map(({ seq }) => seq)).toEqual([3n, 2n]);
    const second = await operations.listAudit(
      { microgridId: 1n, pageSize: 2, pageToken: first.nextPageToken },
      by(auditor),
    );
    expect(second.entries.map(({ seq }) => seq)).toEqual([1n]);
    expect(second.nextPageToken).toBe('');
    const deletions = { methods: ['DeleteMicrogridDispatch'] };
    const filtered = await operations.listAudit({ microgridId: 1n, filter: deletions }, by(auditor));
    expect(filtered.entries.map(({ seq }) => seq)).toEqual([3n]);
  });

  it('is refused without the right, in another microgrid, and when a request is malformed', async () => {
    await using service = await served();
    const list = (request: Parameters<typeof service.operations.listAudit>[0], key: ApiKey) =>
      expect(service.operations.listAudit(request, by(key))).rejects;
    await list({ microgridId: 1n }, writer).toMatchObject({
      code: Status.PERMISSION_DENIED,
      details: 'the API key may not read the audit',
    });
    await list({ microgridId: 2n }, auditor).toMatchObject({ code: Status.PERMISSION_DENIED });
    await list({ microgridId: 1n, pageToken: 'x' }, auditor).toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: 'page_token: is not a token of this service',
    });
    const fromTime = { seconds: 0n, nanos: -1 };
    await list({ microgridId: 1n, filter: { fromTime } }, auditor).toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: 'filter.from_time: has -1 nanoseconds, not 0 to 999999999',
    });
    const dispatchIds = new Array<bigint>(101).fill(1n);
    await list({ microgridId: 1n, filter: { dispatchIds } }, auditor).toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: 'filter.dispatch_ids: must have at most 100 entries, not 101',
    });
  });

  it.each([
    ['too long', Buffer.alloc(501, 'a'), 'must be one text of at most 500 bytes'],
    ['not UTF-8', Buffer.of(0xff), 'must be a text in UTF-8, which is in base64 in a header of HTTP'],
    ['with U+0000', Buffer.of(0x61, 0), 'must not contain the character U+0000'],
  ])('refuses a note that is %s, and makes no change', async (_, note, problem) => {
    await using service = await served();
    const request = { microgridId: 1n, dispatchData: dispatchData() };
    await expect(
      service.dispatches.createMicrogridDispatch(request, by(writer, { [NOTE]: note })),
    ).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT, details: `${NOTE}: ${problem}` });
    expect((await service.operations.listAudit({ microgridId: 1n }, by(auditor))).entries).toEqual([]);
  });

  it('takes a note of exactly 500 bytes', async () => {
    await using service = await served();
    const note = 'ä'.repeat(250);
    await service.dispatches.createMicrogridDispatch(
      { microgridId: 1n, dispatchData: dispatchData() },
      by(writer, noted(note)),
    );
    const { entries } = await service.operations.listAudit({ microgridId: 1n }, by(auditor));
    expect(entries.map(entry => entry.note)).toEqual([note]);
  });
});

describe('following the audit', () => {
  /** The call option that tells when the headers of a stream came. */
  function onOpened() {
    let onHeader = () => {};
    const opened = new Promise<void>(resolve => {
      onHeader = resolve;
    });
    return { opened, options: { onHeader: () => onHeader() } };
  }

  async function next(entries: AsyncIterator<{ entry?: AuditEntry | undefined }>): Promise<bigint | undefined> {
    return (await entries.next()).value?.entry?.seq;
  }

  it('brings what is there after an entry, then each new one as it is written', async () => {
    await using service = await servedStore();
    for (let i = 0; i < 3; i++) await created(service.dispatches);
    const entries = service.operations.followAudit({ microgridId: 1n, afterSeq: 1n })[Symbol.asyncIterator]();
    expect([await next(entries), await next(entries)]).toEqual([2n, 3n]);
    for (let i = 0; i < 2; i++) await created(service.dispatches);
    expect([await next(entries), await next(entries)]).toEqual([4n, 5n]);
    await entries.return?.();
  });

  it('begins with the next entry by default, and brings only those that match', async () => {
    await using service = await servedStore();
    const { id } = await created(service.dispatches);
    const filter = { methods: ['DeleteMicrogridDispatch'] };
    const { opened, options } = onOpened();
    const request = { microgridId: 1n, filter };
    const entries = service.operations.followAudit(request, options)[Symbol.asyncIterator]();
    const first = next(entries);
    await opened;
    await created(service.dispatches);
    await service.dispatches.deleteMicrogridDispatch({ microgridId: 1n, dispatchId: id });
    expect(await first).toBe(3n);
    await entries.return?.();
  });

  it('takes the share of its key, so that many do not read at the same time', async () => {
    const store = memoryStore();
    let reading = 0;
    let most = 0;
    const audit: typeof store.audit = async (...query) => {
      reading += 1;
      most = Math.max(most, reading);
      await new Promise(resolve => setTimeout(resolve, 5));
      reading -= 1;
      return store.audit(...query);
    };
    const access = withKeys(keyRing([writer, auditor]));
    const limits = { ...DEFAULT_LIMITS, readsPerKey: 2 };
    await using service = await servedStore({ ...store, audit }, { access, limits });
    await service.dispatches.createMicrogridDispatch({ microgridId: 1n, dispatchData: dispatchData() }, by(writer));
    const follow = () =>
      service.operations.followAudit({ microgridId: 1n, afterSeq: 0n }, by(auditor))[Symbol.asyncIterator]();
    const streams = Array.from({ length: 8 }, follow);
    expect(await Promise.all(streams.map(next))).toEqual(streams.map(() => 1n));
    expect(most).toBe(2);
    for (const stream of streams) await stream.return?.();
  });

  it('is refused behind the end of the log, and ends when the service stops', async () => {
    const service = await servedStore();
    const entries = (afterSeq: bigint) =>
      service.operations.followAudit({ microgridId: 1n, afterSeq })[Symbol.asyncIterator]();
    await expect(next(entries(1n))).rejects.toMatchObject({
      code: Status.FAILED_PRECONDITION,
      details: 'after_seq: the change log of the microgrid ends at 0',
    });
    const ended = next(entries(0n));
    const failed = expect(ended).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    await service[Symbol.asyncDispose]();
    await failed;
  });

  it('ends when its key loses the right', async () => {
    await using service = await served();
    const { opened, options } = onOpened();
    const entries = service.operations
      .followAudit({ microgridId: 1n }, { ...by(auditor), ...options })
      [Symbol.asyncIterator]();
    const ended = expect(next(entries)).rejects.toMatchObject({
      code: Status.PERMISSION_DENIED,
      details: 'the API key may not read the audit',
    });
    await opened;
    service.keys.replace([writer, { ...auditor, audit: false }]);
    await ended;
  });
});
