import { ChannelCredentials } from '@grpc/grpc-js';
import { type CallOptions, type Channel, createChannel, createClientFactory, Metadata } from 'nice-grpc';
import { ClientError, type Status } from 'nice-grpc-common';
import { type BadRequest, errorDetailsClientMiddleware, RichClientError } from 'nice-grpc-error-details';
import {
  type DeepPartial,
  type Dispatch,
  type DispatchData,
  MicrogridDispatchServiceDefinition,
  type RecurrenceRule,
  RecurrenceRule_Frequency,
  type StreamMicrogridDispatchesResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { type DispatchService, type DispatchServiceOptions, startDispatchService } from '../../src/service/index.js';

/** A client of the generated contract, without anything of ours around it. */
export type RawClient = ReturnType<typeof rawClient>['client'];

/** A service on a free port, with a client of it. */
export async function rawService(options: DispatchServiceOptions = {}) {
  const service = await startDispatchService(options);
  const { client, channel } = rawClient(service);
  return {
    service,
    client,
    async [Symbol.asyncDispose]() {
      channel.close();
      await service.stop();
    },
  };
}

/** A client of its own connection. */
export function rawClient({ port }: Pick<DispatchService, 'port'>) {
  const channel: Channel = createChannel(`127.0.0.1:${port}`, ChannelCredentials.createInsecure());
  const client = createClientFactory()
    .use(errorDetailsClientMiddleware)
    .create(MicrogridDispatchServiceDefinition, channel);
  return { channel, client };
}

/** What a refused call was told. */
export interface Refusal {
  readonly code: Status;
  readonly message: string;
  /** The `google.rpc.BadRequest` of its details; empty when there is none. */
  readonly violations: readonly { readonly field: string; readonly description: string }[];
}

/** Waits for a call that is refused. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await call.then(
    answer => new Error(`the call was not refused: ${String(answer)}`),
    reason => reason,
  );
  if (!(error instanceof ClientError)) throw error;
  const details = error instanceof RichClientError ? error.extra : [];
  return {
    code: error.code,
    message: error.details,
    violations: details
      .filter((detail): detail is BadRequest => detail.$type === 'google.rpc.BadRequest')
      .flatMap(({ fieldViolations }) => fieldViolations.map(({ field, description }) => ({ field, description }))),
  };
}

/** The violations that these descriptions are of, each of which begins with the field. */
export function violationsOf(descriptions: readonly string[]): Refusal['violations'] {
  return descriptions.map(description => ({ field: description.split(': ')[0] ?? '', description }));
}

/** The instant a number of seconds from now, on the second. */
export function inSeconds(seconds: number): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(Math.floor(Date.now() / 1000) + seconds), nanos: 0 };
}

/** Data that the service takes: one run of ten minutes in an hour. */
export function dispatchData(overrides: DeepPartial<DispatchData> = {}): DeepPartial<DispatchData> {
  return {
    type: 'TEST',
    startTime: inSeconds(3600),
    duration: 600,
    target: { components: { $case: 'componentIds', value: { ids: [1n] } } },
    isActive: true,
    ...overrides,
  };
}

/** A rule that is not at its defaults in any part. */
export const FULL_RULE: RecurrenceRule = {
  freq: RecurrenceRule_Frequency.YEARLY,
  interval: 2,
  endCriteria: { countOrUntil: { $case: 'count', value: 5 } },
  byminutes: [0, 30],
  byhours: [6, 18],
  byweekdays: [1, 5],
  bymonthdays: [1, -1],
  bymonths: [3, 9],
};

/** Creates a dispatch and returns it. */
export async function created(
  client: RawClient,
  overrides: DeepPartial<DispatchData> = {},
  microgridId = 1n,
  options: CallOptions = {},
): Promise<Dispatch & { id: bigint }> {
  const request = { microgridId, dispatchData: dispatchData(overrides) };
  const { dispatch } = await client.createMicrogridDispatch(request, options);
  if (!dispatch?.metadata) throw new Error('the answer holds no dispatch');
  return { ...dispatch, id: dispatch.metadata.dispatchId };
}

/** A stream whose headers have arrived. */
export async function openStream(client: RawClient, microgridId = 1n, metadata = Metadata()) {
  const controller = new AbortController();
  let header = Metadata();
  let open: () => void = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  const onHeader = (received: Metadata) => {
    header = received;
    open();
  };
  const responses = client.streamMicrogridDispatches(
    { microgridId },
    { metadata, signal: controller.signal, onHeader },
  );
  const iterator = responses[Symbol.asyncIterator]();
  // The call is made with the first read, so it is read one ahead.
  let ahead: Promise<IteratorResult<StreamMicrogridDispatchesResponse>> = iterator.next();
  ahead.catch(() => {});
  await Promise.race([opened, ahead]);
  return {
    header,
    /** The next event. */
    async next(): Promise<StreamMicrogridDispatchesResponse> {
      const result = await ahead;
      if (result.done) throw new Error('the stream ended without an error');
      ahead = iterator.next();
      ahead.catch(() => {});
      return result.value;
    },
    async [Symbol.asyncDispose]() {
      controller.abort();
      await ahead.catch(() => {});
    },
  };
}
