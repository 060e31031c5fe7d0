import { expect, it, vi } from 'vitest';
import { describeWith } from '../support/describeWith.js';
import { jsonLines, pageCommands } from '../support/pageCommands.js';
import { missingProgram } from '../support/programs.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

// Some thirty programs, one after the other.
vi.setConfig({ testTimeout: 300_000 });

const page = pageCommands('http.md');

describeWith(missingProgram('bash', 'openssl', 'curl'), 'the commands of docs/http.md', () => {
  it('do what it says, one after the other', async () => {
    using folder = temporaryFolder();
    const outputs = await page.run(folder.path);
    const output = (text: string) => jsonLines(outputs[page.blocks.findIndex(block => block.includes(text))] ?? '');

    const dispatch = {
      dispatch: { metadata: { dispatchId: '1' }, data: { isActive: false, payload: { power_kw: 3 } } },
    };
    expect(output('DeleteMicrogridDispatch')).toMatchObject([
      { dispatch: { data: { type: 'CHARGE', isActive: true } } },
      dispatch,
      dispatch,
      { dispatches: [dispatch.dispatch], paginationInfo: { totalItems: 1 } },
      { microgridId: '1', dispatchId: '1' },
    ]);
    expect(output('ListAudit')).toMatchObject([
      { allMicrogrids: true, mayWrite: true },
      {
        entries: [
          { method: 'DeleteMicrogridDispatch' },
          { method: 'UpdateMicrogridDispatch' },
          { method: 'CreateMicrogridDispatch' },
        ],
      },
    ]);
    const violation = (field: string) => expect.objectContaining({ field });
    const [invalid, undated, missing] = output('"tomorrow"');
    expect(invalid).toMatchObject({ code: 'invalid_argument' });
    expect(fieldViolations(invalid)).toEqual(
      expect.arrayContaining([violation('dispatchData.type'), violation('dispatchData.recurrence.byhours[0]')]),
    );
    expect(fieldViolations(undated)).toEqual([violation('dispatchData.startTime')]);
    expect(missing).toEqual({ code: 'not_found', message: 'microgrid 1 has no dispatch 99' });
    expect(output('events.jsonl')).toMatchObject([{ event: 'EVENT_CREATED', dispatch: { data: { type: 'CHARGE' } } }]);
    expect(output('signed()')).toMatchObject([
      { keyName: 'default' },
      { dispatches: [] },
      { dispatch: { data: { type: 'CHARGE' } } },
      { code: 'unauthenticated', message: 'the signature is invalid' },
    ]);
    expect(output('evil.example')).toMatchObject([{ code: 'permission_denied' }, { code: 'permission_denied' }]);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: the JSON of an error.
function fieldViolations(error: any): unknown {
  return error.details[0].debug.fieldViolations;
}
