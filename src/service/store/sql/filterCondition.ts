import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';

import type { ListFilter, Range } from '../../domain/listQuery.js';
import type { ServiceSchema } from './schema.js';
import type { SqlDialect } from './sqlDialect.js';

/** Converts the filter of a microgrid's list to a condition. */
export function filterCondition(
  eb: ExpressionBuilder<ServiceSchema, 'dispatch'>,
  dialect: SqlDialect,
  microgridId: number,
  filter: ListFilter,
): Expression<SqlBool> {
  const { targetKeys, active, dryRun, recurring, startS, endS, updateUs, ids, queries } = filter;
  const all: Expression<SqlBool>[] = [eb('microgrid_id', '=', microgridId)];
  if (active !== undefined) all.push(eb('active', '=', Number(active)));
  if (dryRun !== undefined) all.push(eb('dry_run', '=', Number(dryRun)));
  if (recurring !== undefined) all.push(eb('recurring', '=', Number(recurring)));
  if (startS) all.push(within(eb, 'start_s', startS));
  if (endS) all.push(within(eb, 'end_s', endS));
  if (updateUs) all.push(within(eb, 'update_us', updateUs));
  if (ids) all.push(dialect.isAnyOf(eb.ref('dispatch.id'), ids));
  if (queries) {
    const { texts } = queries;
    all.push(
      eb.or([
        dialect.isAnyOf(eb.ref('dispatch.id'), queries.ids),
        dialect.containsAnyOf(eb.ref('dispatch.type'), texts),
      ]),
    );
  }
  if (targetKeys) {
    const found = eb
      .selectFrom('dispatch_target')
      .select('dispatch_id')
      .where('microgrid_id', '=', microgridId)
      .where(target => dialect.isAnyOf(target.ref('dispatch_target.key'), targetKeys));
    all.push(eb('id', 'in', found));
  }
  return eb.and(all);
}

function within(
  eb: ExpressionBuilder<ServiceSchema, 'dispatch'>,
  column: 'start_s' | 'end_s' | 'update_us',
  { from, to }: Range,
): Expression<SqlBool> {
  return eb.and([...(from === null ? [] : [eb(column, '>=', from)]), ...(to === null ? [] : [eb(column, '<', to)])]);
}
