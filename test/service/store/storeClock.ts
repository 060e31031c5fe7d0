import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CreateMicrogridDispatchRequest,
  Dispatch,
  UpdateMicrogridDispatchRequest,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { DispatchStore, WriteStamp } from '../../../src/service/domain/dispatchStore.js';
import { createWrite, updateWrite } from '../../../src/service/domain/dispatchWrites.js';
import { creation } from '../../support/dispatchRow.js';
import { dispatchData } from '../../support/rawService.js';
import type { StoreFactory } from './storeLists.js';

const START_US = 1_700_000_000_000_000;
const HOUR_US = 3_600_000_000;

/** Fixes what every dispatch store makes of its clock, which may go wrong for a while. */
export function describeStoreClock(openStore: StoreFactory): void {
  describe('clock', () => {
    let store: DispatchStore;
    let nowUs: number;
    beforeEach(async () => {
      nowUs = START_US;
      store = await openStore(() => nowUs);
    });
    afterEach(() => store.close());

    async function stampOfWrite(): Promise<WriteStamp> {
      const stamps: WriteStamp[] = [];
      await store.apply(1, {
        id: null,
        decide(old, stamp) {
          stamps.push(stamp);
          return creation().decide(old, stamp);
        },
      });
      return stamps.at(-1) as WriteStamp;
    }
    const versions = async () => (await store.changes(new Map([[1, 0]]), 100)).changes.map(({ atUs }) => atUs);

    it('gives versions that strictly increase, whatever the clock does, and the time beside them', async () => {
      const stamps: WriteStamp[] = [];
      for (const step of [0, 0, -5_000_000, 0, 1_000, -1]) {
        nowUs += step;
        const stamp = await stampOfWrite();
        expect(stamp.nowUs).toBe(nowUs);
        stamps.push(stamp);
      }
      const granted = stamps.map(({ atUs }) => atUs);
      expect(granted).toEqual(granted.map((_, index) => START_US + index));
      expect(await versions()).toEqual(granted);
    });

    it('gives the time as version again when it is later than the last one', async () => {
      await store.apply(1, creation());
      nowUs += 7_000_000;
      await store.apply(1, creation());
      expect(await versions()).toEqual([START_US, nowUs]);
    });

    it('that was an hour ahead during one write leaves the next hour usable', async () => {
      const inMinutes = (minutes: number) => ({ seconds: BigInt(START_US / 1e6 + 60 * minutes), nanos: 0 });
      async function create(minutes: number | null) {
        const request = CreateMicrogridDispatchRequest.fromPartial({
          dispatchData: dispatchData({ startTime: minutes === null ? undefined : inMinutes(minutes) }),
          startImmediately: minutes === null,
        });
        const { dispatch } = await store.apply(1, createWrite(request));
        return { id: dispatch?.id ?? 0, ...Dispatch.decode(dispatch?.message ?? new Uint8Array()) };
      }
      nowUs += HOUR_US;
      const { metadata: ahead } = await create(61);
      nowUs -= HOUR_US;

      const { id, metadata } = await create(1);
      expect((await create(null)).data?.startTime).toEqual(inMinutes(0));
      await expect(create(-1)).rejects.toThrow('must not be in the past: it is 60 s before the time of this service');
      const update = (minutes: number) =>
        store.apply(
          1,
          updateWrite(
            1,
            id,
            UpdateMicrogridDispatchRequest.fromPartial({
              updateMask: ['start_time'],
              update: { startTime: inMinutes(minutes) },
            }),
          ),
        );
      await update(2);
      await expect(update(-1)).rejects.toThrow('must not be in the past');

      // The order of creation stays the order of commits.
      expect(metadata?.createTime).toEqual({ seconds: ahead?.createTime?.seconds, nanos: 1_000 });
      expect(await versions()).toEqual([0, 1, 2, 3].map(later => START_US + HOUR_US + later));
    });
  });
}
