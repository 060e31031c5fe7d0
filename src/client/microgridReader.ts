import type { DispatchPage } from '../../machines/protocol/transport.js';
import { decodePage } from './answers.js';
import { isTooLarge } from './messageSize.js';
import {
  type MicrogridReaderSetup,
  openRecordWatch,
  type RecordWatch,
  type WatchRecordsOptions,
} from './recordWatch.js';
import { encodeList, type ListOptions } from './requests.js';
import type { CallSignal } from './serviceCalls.js';

/** Options of {@link MicrogridReader.listPages}. */
export interface ListPagesOptions extends ListOptions, CallSignal {
  /** False: pages are not retried. @default the option of the client */
  readonly retry?: false;
}

/** Assumed number of dispatches on a page whose size the service has chosen. */
const likelyPageSize = 100;

interface ListedPage {
  readonly page: DispatchPage;
  /** Missing or empty on the last page. */
  readonly nextPageToken: string | undefined;
}

/** Reads the dispatches of one microgrid, and their changes: the calls that a dispatcher makes. */
export class MicrogridReader {
  readonly microgridId: number;
  readonly #setup: MicrogridReaderSetup;

  constructor(microgridId: number, setup: MicrogridReaderSetup) {
    this.microgridId = microgridId;
    this.#setup = setup;
  }

  /**
   * Lists page by page, requesting the next page while one is processed; what cannot be decoded is returned as problems. When a page is
   * larger than a message may be, the list begins again with half the dispatches per page, and returns only what is new.
   */
  async *listPages(options: ListPagesOptions): AsyncGenerator<DispatchPage, void, void> {
    // When the consumer stops early, the pending request is cancelled.
    const walk = this.#setup.calls.sequence({ signal: options.signal, ids: { microgridId: this.microgridId } });
    try {
      const listedIds = new Set<number>();
      for (let { pageSize } = options; ; pageSize = Math.floor((pageSize ?? likelyPageSize) / 2)) {
        try {
          yield* this.#walkPages(pageSize === undefined ? options : { ...options, pageSize }, walk.signal, listedIds);
          return;
        } catch (error) {
          if (!isTooLarge(error) || pageSize === 1) throw error;
        }
      }
    } finally {
      walk.end();
    }
  }

  /**
   * Opens a stream of changes at once; what cannot be decoded is yielded as a problem.
   *
   * @param options.resumeAfter - position of the last change that is known, after which the service is to go on if it can.
   */
  watchRecords(options: WatchRecordsOptions = {}): RecordWatch {
    return openRecordWatch(this.#setup, this.microgridId, options);
  }

  async *#walkPages(
    options: ListPagesOptions,
    signal: AbortSignal,
    listedIds: Set<number>,
  ): AsyncGenerator<DispatchPage, void, void> {
    let next: Promise<ListedPage> | undefined = this.#listPage(options, signal, undefined);
    while (next !== undefined) {
      const { page, nextPageToken }: ListedPage = await next;
      next = nextPageToken ? this.#listPage(options, signal, nextPageToken) : undefined;
      // When the consumer stops early, a failure of the next page is of no interest.
      next?.catch(() => {});
      yield unlisted(page, listedIds);
    }
  }

  async #listPage(
    { signal: _, retry, ...list }: ListPagesOptions,
    signal: AbortSignal,
    pageToken: string | undefined,
  ): Promise<ListedPage> {
    const { calls, connection } = this.#setup;
    const { rpc } = connection;
    const { dispatches, paginationInfo } = await calls.make({
      method: 'listMicrogridDispatches',
      kind: 'read',
      ids: { microgridId: this.microgridId },
      signal,
      retry,
      encode: () => encodeList(this.microgridId, list, pageToken),
      send: (request, options) => rpc.listMicrogridDispatches(request, options),
    });
    return { page: decodePage(dispatches, this.microgridId), nextPageToken: paginationInfo?.nextPageToken };
  }
}

/** What of a page is not listed yet; adds its ids. */
function unlisted({ dispatches, problems }: DispatchPage, listedIds: Set<number>): DispatchPage {
  const isNew = (id: number | undefined) => {
    if (id === undefined) return true;
    const sizeBefore = listedIds.size;
    return listedIds.add(id).size > sizeBefore;
  };
  return {
    dispatches: dispatches.filter(({ id }) => isNew(id)),
    problems: problems.filter(({ dispatchId }) => isNew(dispatchId)),
  };
}
