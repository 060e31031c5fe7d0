/**
 * Metadata of a create, update or delete call: a text of the client's choice, new for each thing it wants done and the
 * same in each attempt at it. A service that knows request ids does it once, and answers a repetition as the first time.
 */
export const REQUEST_ID = 'request-id';

/**
 * Header of the answers of a service that knows request ids: for how many seconds it remembers one. Without it a client
 * must not send a creation again.
 */
export const REQUEST_IDS_KEPT_S = 'request-ids-kept-s';
