import { describe, expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { startDispatchService } from '../../src/service/index.js';
import { keysFile } from '../support/keysFile.js';
import { scriptedService } from '../support/scriptedService.js';

const newDispatch = {
  microgridId: 1,
  type: 'CHARGE',
  startTime: 'NOW',
  durationMs: 60_000,
  selector: { ids: [1] },
} as const;

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A service with a key that writes and one that reads the audit, and a client for each. */
async function plant() {
  const keys = keysFile([
    { name: 'planner', key: 'p', secret: 's', microgrids: [1] },
    { name: 'auditor', key: 'a', secret: 't', microgrids: 'all', access: 'read', audit: true },
  ]);
  const { address, stop } = await startDispatchService({ keys: keys.path });
  const planner = new DispatchClient({ address, authKey: 'p', signSecret: 's' });
  const auditor = new DispatchClient({ address, authKey: 'a', signSecret: 't' });
  return {
    planner,
    auditor,
    async [Symbol.asyncDispose]() {
      planner.close();
      auditor.close();
      await stop({ now: true });
      keys[Symbol.dispose]();
    },
  };
}

describe('the audit of a service, by its client', () => {
  it('tells who changed what, with notes, over several pages', async () => {
    await using service = await plant();
    const { planner, auditor } = service;
    const { id } = await planner.create({ ...newDispatch, note: 'für Montag' });
    await planner.update({ microgridId: 1, id, changes: { durationMs: 90_000 }, note: 'länger' });
    await planner.delete({ microgridId: 1, id });
    const entries = await allOf(auditor.audit({ microgridId: 1, pageSize: 2, oldestFirst: true }));
    expect(
      entries.map(({ seq, keyName, method, note, before, after }) => [
        seq,
        keyName,
        method.slice(0, 6),
        note,
        before?.durationMs,
        after?.durationMs,
      ]),
    ).toEqual([
      [1, 'planner', 'Create', 'für Montag', undefined, 60_000],
      [2, 'planner', 'Update', 'länger', 60_000, 90_000],
      [3, 'planner', 'Delete', null, 90_000, undefined],
    ]);
    const [created] = entries;
    expect(created).toMatchObject({ microgridId: 1, dispatchId: id, requestId: expect.any(String), before: null });
    expect(created?.time.toISOString()).toBe(`${created?.after?.record.updateTime.slice(0, 23)}Z`);
    const filtered = auditor.audit({ microgridId: 1, ids: [id], methods: ['DeleteMicrogridDispatch'] });
    expect((await allOf(filtered)).map(({ seq }) => seq)).toEqual([3]);
    expect(await allOf(auditor.audit({ microgridId: 1, to: new Date(0) }))).toEqual([]);
  });

  it('is followed as it is written', async () => {
    await using service = await plant();
    const { planner, auditor } = service;
    await planner.create(newDispatch);
    const entries = auditor.followAudit({ microgridId: 1, afterSeq: 0 });
    expect((await entries.next()).value).toMatchObject({ seq: 1 });
    await planner.create(newDispatch);
    expect((await entries.next()).value).toMatchObject({ seq: 2 });
    await entries.return();
  });

  it('is for keys that may read it', async () => {
    await using service = await plant();
    const refused = { code: 'PERMISSION_DENIED', message: expect.stringContaining('may not read the audit') };
    await expect(service.planner.audit({ microgridId: 1 }).next()).rejects.toMatchObject(refused);
    await expect(service.planner.followAudit({ microgridId: 1 }).next()).rejects.toMatchObject(refused);
    expect(await service.auditor.whoami()).toMatchObject({
      keyName: 'auditor',
      microgrids: 'all',
      mayWrite: false,
      mayReadAudit: true,
    });
    expect(await service.planner.whoami()).toMatchObject({ microgrids: [1], mayWrite: true, mayReadAudit: false });
  });

  it('is UNIMPLEMENTED where a service has none', async () => {
    await using service = await scriptedService({});
    await using client = new DispatchClient({ address: service.address });
    await expect(client.audit({ microgridId: 1 }).next()).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
    await expect(client.whoami()).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
  });

  it.each([
    [{ note: 'x'.repeat(501) }, 'note must have at most 500 bytes in UTF-8, not 501'],
    [{ note: 'a\0' }, 'note must not contain the character U+0000'],
    [{ note: '\ud800' }, 'note must not contain a lone surrogate'],
  ])('refuses a note that it cannot keep', async (options, message) => {
    await using service = await plant();
    await expect(service.planner.create({ ...newDispatch, ...options })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    });
    expect(await allOf(service.auditor.audit({ microgridId: 1 }))).toEqual([]);
  });
});
