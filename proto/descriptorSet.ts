/**
 * A buf plugin: writes the descriptors of all files, comments left out, as a module that reflection serves.
 *
 * buf runs it (proto/buf.gen.yaml).
 */
import { readFileSync } from 'node:fs';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponse_Feature,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';

const STDIN = 0;
const LINE_LENGTH = 116;

const { protoFile } = fromBinary(CodeGeneratorRequestSchema, readFileSync(STDIN));
for (const file of protoFile) delete file.sourceCodeInfo;
const descriptors = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: protoFile }));
const lines =
  Buffer.from(descriptors)
    .toString('base64')
    .match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g')) ?? [];
const content = `// A google.protobuf.FileDescriptorSet of all files, in base64.
export const DESCRIPTOR_SET =
${lines.map(line => `  '${line}'`).join(' +\n')};
`;
const response = create(CodeGeneratorResponseSchema, {
  supportedFeatures: BigInt(CodeGeneratorResponse_Feature.PROTO3_OPTIONAL),
  file: [{ name: 'descriptorSet.ts', content }],
});
process.stdout.write(toBinary(CodeGeneratorResponseSchema, response));
