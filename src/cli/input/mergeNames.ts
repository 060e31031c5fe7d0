import { type MergeStrategy, mergeByType, mergeByTypeAndSelector } from '../../../machines/manage/mergeStrategy.js';

/** Values of `--merge`. */
export type MergeName = 'type' | 'type-and-selector';

/** Values of `--merge`. */
export const MERGE_NAMES: readonly MergeName[] = ['type', 'type-and-selector'];

/** Merge strategies by their names on the command line. */
export const MERGE_STRATEGIES: Readonly<Record<MergeName, MergeStrategy>> = {
  type: mergeByType,
  'type-and-selector': mergeByTypeAndSelector,
};
