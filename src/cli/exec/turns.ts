/** Things that a job claims: for itself alone (null), or together with the jobs that claim them by the same name. */
export type Claims = ReadonlyMap<string, string | null>;

/** Gives jobs that claim the same things their turns, in the order in which they were added. */
export interface Turns<Job> {
  /** Adds a job. Returns whether it is its turn: no earlier job that has not ended claims the same thing in another way. */
  add(job: Job, claims: Claims): boolean;
  /** Removes a job that has ended. Returns the jobs whose turn it has become, in the order in which they were added. */
  end(job: Job): Job[];
  /** Whether a job waits for its turn. */
  isWaiting(job: Job): boolean;
}

/** Successive jobs that may have one thing at the same time. */
interface Batch<Job> {
  readonly thing: string;
  readonly share: string | null;
  readonly members: Set<Place<Job>>;
  /** Whether it waits for the batch before it. */
  waits: boolean;
  next?: Batch<Job>;
}

/** Where a job stands: in one batch of each thing that it claims. */
interface Place<Job> {
  readonly job: Job;
  readonly number: number;
  readonly batches: Batch<Job>[];
  /** Number of its batches that wait. */
  waiting: number;
}

/**
 * Creates turns for jobs. What a job costs depends on the number of its claims only, not on that of the jobs: those of a batch wait
 * for the whole batch before it, which began when all earlier ones had ended.
 */
export function turns<Job>(): Turns<Job> {
  const places = new Map<Job, Place<Job>>();
  /** The last batch of each thing. */
  const last = new Map<string, Batch<Job>>();
  let count = 0;

  function join(place: Place<Job>, thing: string, share: string | null): void {
    const before = last.get(thing);
    const isShared = share !== null && before?.share === share;
    const batch = before && isShared ? before : { thing, share, members: new Set<Place<Job>>(), waits: !!before };
    if (before && !isShared) before.next = batch;
    last.set(thing, batch);
    batch.members.add(place);
    place.batches.push(batch);
    if (batch.waits) place.waiting += 1;
  }

  /** Takes a place out of its batch; returns the places that no longer wait. */
  function leave(place: Place<Job>, { thing, members, next }: Batch<Job>): Place<Job>[] {
    members.delete(place);
    if (members.size > 0) return [];
    if (next === undefined) {
      last.delete(thing);
      return [];
    }
    next.waits = false;
    for (const member of next.members) member.waiting -= 1;
    return [...next.members].filter(({ waiting }) => waiting === 0);
  }

  return {
    add(job, claims) {
      const place: Place<Job> = { job, number: count++, batches: [], waiting: 0 };
      places.set(job, place);
      for (const [thing, share] of claims) join(place, thing, share);
      return place.waiting === 0;
    },
    end(job) {
      const place = places.get(job);
      if (place === undefined) return [];
      places.delete(job);
      const next = place.batches.flatMap(batch => leave(place, batch));
      return next.sort((a, b) => a.number - b.number).map(({ job }) => job);
    },
    isWaiting: job => (places.get(job)?.waiting ?? 0) > 0,
  };
}
