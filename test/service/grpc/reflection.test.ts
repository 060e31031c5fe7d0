import { create, createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Metadata, Status } from 'nice-grpc-common';
import { describe, expect, it } from 'vitest';
import { MicrogridDispatchServiceDefinition } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type {
  DeepPartial,
  ServerReflectionRequest,
  ServerReflectionResponse,
} from '../../../proto/gen/grpc/reflection/v1/reflection.js';
import { DEFAULT_LIMITS } from '../../../src/service/access/callLimits.js';
import { compileContract } from '../../support/contract.js';
import { servedStore, withKey } from '../../support/servedStore.js';

type Question = NonNullable<DeepPartial<ServerReflectionRequest>['messageRequest']>;
type Served = Awaited<ReturnType<typeof servedStore>>;

const SERVICE = MicrogridDispatchServiceDefinition.fullName;

/** Asks one after the other, on one stream. */
async function ask(
  { reflection }: Pick<Served, 'reflection'>,
  questions: readonly Question[],
  metadata = Metadata(),
): Promise<ServerReflectionResponse['messageResponse'][]> {
  async function* requests() {
    for (const messageRequest of questions) yield { host: 'here', messageRequest };
  }
  const answers: ServerReflectionResponse['messageResponse'][] = [];
  for await (const answer of reflection.serverReflectionInfo(requests(), { metadata })) {
    expect(answer.validHost).toBe('here');
    expect(answer.originalRequest?.messageRequest).toEqual(questions[answers.length]);
    answers.push(answer.messageResponse);
  }
  return answers;
}

/** What a tool makes of the files in an answer: it fails when a file is missing that another one needs. */
function registryOf(answer: ServerReflectionResponse['messageResponse']): FileRegistry {
  if (answer?.$case !== 'fileDescriptorResponse') throw new Error(`the answer is ${JSON.stringify(answer)}`);
  const file = answer.value.fileDescriptorProto.map(bytes => fromBinary(FileDescriptorProtoSchema, bytes));
  return createFileRegistry(create(FileDescriptorSetSchema, { file: file.reverse() }));
}

describe('reflection', () => {
  it('waits when its key exceeds the rate of calls, which ends no stream of it', async () => {
    const limits = { ...DEFAULT_LIMITS, callsPerSecond: 1 };
    await using served = await servedStore(undefined, { access: withKey('right'), limits });
    const metadata = Metadata({ key: 'right' });
    const questions = Array.from({ length: 5 }, () => ({ $case: 'listServices' as const, value: '*' }));
    expect(await ask(served, questions, metadata)).toHaveLength(5);
    await expect(ask(served, [], metadata)).rejects.toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
  });

  it('lists the services', async () => {
    await using served = await servedStore();
    const [answer] = await ask(served, [{ $case: 'listServices', value: '*' }]);
    const names = answer?.$case === 'listServicesResponse' ? answer.value.service.map(({ name }) => name) : [];
    expect(names).toEqual([
      SERVICE,
      'xstate_dispatch.v1.Operations',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
    ]);
  });

  it.each([
    SERVICE,
    `${SERVICE}.CreateMicrogridDispatch`,
    'frequenz.api.dispatch.v1.DispatchData',
    'frequenz.api.dispatch.v1.DispatchData.payload',
    'frequenz.api.dispatch.v1.RecurrenceRule.Frequency',
    'frequenz.api.dispatch.v1.RecurrenceRule.FREQUENCY_DAILY',
    'frequenz.api.dispatch.v1.RecurrenceRule.EndCriteria.count_or_until',
  ])('gives the file that defines %s, with all that it imports', async symbol => {
    await using served = await servedStore();
    const [answer] = await ask(served, [{ $case: 'fileContainingSymbol', value: symbol }]);
    const service = registryOf(answer).getService(SERVICE);
    expect(service?.methods.map(({ name }) => name)).toContain('CreateMicrogridDispatch');
  });

  it('gives a file by its name', async () => {
    await using served = await servedStore();
    const [answer] = await ask(served, [{ $case: 'fileByFilename', value: 'grpc/health/v1/health.proto' }]);
    expect(registryOf(answer).getService('grpc.health.v1.Health')?.methods).toHaveLength(2);
  });

  it('answers many questions on one stream, and goes on after one that it cannot answer', async () => {
    await using served = await servedStore();
    const answers = await ask(served, [
      { $case: 'fileContainingSymbol', value: 'frequenz.api.dispatch.v1.Nothing' },
      { $case: 'fileByFilename', value: 'nothing.proto' },
      { $case: 'allExtensionNumbersOfType', value: 'frequenz.api.dispatch.v1.Dispatch' },
      { $case: 'fileContainingExtension', value: { containingType: 'a.B', extensionNumber: 7 } },
      { $case: 'fileByFilename', value: 'grpc/health/v1/health.proto' },
    ]);
    expect(answers).toMatchObject([
      { value: { errorCode: Status.NOT_FOUND, errorMessage: 'frequenz.api.dispatch.v1.Nothing is not defined here' } },
      { value: { errorCode: Status.NOT_FOUND } },
      { value: { baseTypeName: 'frequenz.api.dispatch.v1.Dispatch', extensionNumber: [] } },
      { value: { errorCode: Status.NOT_FOUND, errorMessage: 'extension 7 of a.B is not defined here' } },
      { $case: 'fileDescriptorResponse' },
    ]);
  });

  it('needs a key where calls do', async () => {
    await using served = await servedStore(undefined, { access: withKey('key') });
    const list: Question = { $case: 'listServices', value: '' };
    await expect(ask(served, [list])).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
    expect(await ask(served, [list], Metadata({ key: 'key' }))).toHaveLength(1);
  });

  it('does not hold up the stop of the service', async () => {
    await using served = await servedStore();
    async function* requests() {
      yield { messageRequest: { $case: 'listServices', value: '' } as const };
      await new Promise(() => {});
    }
    const answers = served.reflection.serverReflectionInfo(requests())[Symbol.asyncIterator]();
    await answers.next();
    const end = answers.next();
    end.catch(() => {});
    await served.stop();
    await expect(end).rejects.toMatchObject({ code: Status.UNAVAILABLE, details: 'the service is shutting down' });
  });

  it('tells of the contract as it is', async () => {
    await using served = await servedStore();
    const [answer] = await ask(served, [{ $case: 'fileContainingSymbol', value: SERVICE }]);
    const told = registryOf(answer).getFile('frequenz/api/dispatch/v1/dispatch.proto')?.proto;
    const compiled = compileContract().getFile('frequenz/api/dispatch/v1/dispatch.proto')?.proto;
    expect(told).toEqual({ ...compiled, sourceCodeInfo: undefined });
  });
});
