import { create, createFileRegistry } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';

import type { FieldViolation } from '../../model/dispatchError.js';

/** The part of `google/rpc/error_details.proto` that errors have. */
const FILE = create(FileDescriptorProtoSchema, {
  name: 'google/rpc/error_details.proto',
  package: 'google.rpc',
  syntax: 'proto3',
  messageType: [
    {
      name: 'BadRequest',
      field: [
        {
          name: 'field_violations',
          jsonName: 'fieldViolations',
          number: 1,
          label: Label.REPEATED,
          type: Type.MESSAGE,
          typeName: '.google.rpc.BadRequest.FieldViolation',
        },
      ],
      nestedType: [
        {
          name: 'FieldViolation',
          field: [
            { name: 'field', jsonName: 'field', number: 1, label: Label.OPTIONAL, type: Type.STRING },
            { name: 'description', jsonName: 'description', number: 2, label: Label.OPTIONAL, type: Type.STRING },
          ],
        },
      ],
    },
  ],
});
const found = createFileRegistry(create(FileDescriptorSetSchema, { file: [FILE] })).getMessage('google.rpc.BadRequest');
if (!found) throw new Error('the description of google.rpc.BadRequest is wrong');
const BAD_REQUEST = found;

/** Invalid fields as a detail of an error: in JSON they can be read by people, too. */
export function badRequest(fieldViolations: readonly FieldViolation[]) {
  return { desc: BAD_REQUEST, value: { fieldViolations: fieldViolations.map(violation => ({ ...violation })) } };
}
