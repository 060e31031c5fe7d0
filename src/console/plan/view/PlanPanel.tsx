import { useMemo } from 'preact/hooks';

import type { PlanFormActor } from '../planFormMachine.js';
import { PlanForm } from './PlanForm.js';

/** Maximum number of types that are suggested. */
const MAX_TYPES = 100;

/** Properties of {@link PlanPanel}. */
export interface PlanPanelProps {
  readonly form: PlanFormActor;
  /** Whether it can be saved: the key may, and is accepted. */
  readonly maySave: boolean;
}

/** The form that is open, with the types of the present dispatches as suggestions. */
export function PlanPanel({ form, maySave }: PlanPanelProps) {
  const types = useMemo(() => {
    const found = new Set<string>();
    const { present } = form.getSnapshot().context;
    for (const id of present.ids()) {
      const type = present.get(id)?.dispatch.type;
      if (type !== undefined) found.add(type);
      if (found.size === MAX_TYPES) break;
    }
    return [...found].sort();
  }, [form]);
  return <PlanForm actor={form} types={types} maySave={maySave} />;
}
