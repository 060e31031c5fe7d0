import { Option } from 'commander';

import { type MergeStrategy, mergeByType, mergeByTypeAndSelector } from '../../../machines/manage/mergeStrategy.js';
import { parseName } from './parseValue.js';

/** Values of `--merge`. */
export type MergeName = 'type' | 'type-and-selector';

/** Values of `--merge`. */
export const MERGE_NAMES: readonly MergeName[] = ['type', 'type-and-selector'];

/** Merge strategies by their names on the command line. */
export const MERGE_STRATEGIES: Readonly<Record<MergeName, MergeStrategy>> = {
  type: mergeByType,
  'type-and-selector': mergeByTypeAndSelector,
};

/** The option `--merge`; without a value it merges by type. */
export function mergeOption(description: string): Option {
  return new Option('--merge [how]', `${description} (without a value: type)`)
    .preset('type')
    .argParser(parseName(MERGE_NAMES));
}
