import type { MicrogridClient } from '../client/microgridClient.js';

/** The calls of a dispatch service for one microgrid that planning makes. */
export type PlanningClient = Pick<
  MicrogridClient,
  'microgridId' | 'create' | 'get' | 'update' | 'delete' | 'listPages'
>;
