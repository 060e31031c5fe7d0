/** Why a transition was taken, by the type of its event, as a reader wants to see it. */
const reasons: Readonly<Record<string, string>> = {
  'timer.due': 'its time came',
  'dispatch.updated': 'it was changed',
  'dispatch.deleted': 'it was deleted',
  'dispatch.restored': 'it was restored',
  'clock.set': 'the clock was set',
};

/** Why a transition was taken, by the type of its event. */
export function reasonOf(event: string): string {
  return reasons[event] ?? event;
}
