import {
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  fromJson,
  isFieldSet,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import * as paginationInfo from '../../proto/gen/frequenz/api/common/v1alpha8/pagination/pagination_info.js';
import * as paginationParams from '../../proto/gen/frequenz/api/common/v1alpha8/pagination/pagination_params.js';
import * as interval from '../../proto/gen/frequenz/api/common/v1alpha8/types/interval.js';
import * as dispatch from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { compileContract } from './contract.js';

type Fields = { [field: string]: unknown };

interface Generated {
  encode(message: Fields): BinaryWriter;
  decode(bytes: Uint8Array): Fields;
}

const generatedByName: Fields = { ...paginationInfo, ...paginationParams, ...interval, ...dispatch };
const registry = compileContract();

/**
 * One message of the contract, converted to and from its canonical JSON: by the generated code, and by the reflection of
 * protobuf-es over the compiled contract, which is the oracle. Only the oracle reads and writes JSON; values pass between
 * the two field by field.
 *
 * @param typeName full name, such as `frequenz.api.dispatch.v1.Dispatch`
 */
export function contractMessage(typeName: string) {
  const desc = registry.getMessage(typeName);
  if (!desc) throw new Error(`${typeName} is not in the contract`);
  const generated = generatedByName[
    typeName.replace(`${desc.file.proto.package}.`, '').replaceAll('.', '_')
  ] as Generated;
  return {
    encode: (json: JsonValue): Uint8Array => generated.encode(toGenerated(desc, fromJson(desc, json))).finish(),
    decode: (bytes: Uint8Array): JsonValue => toJson(desc, fromGenerated(desc, generated.decode(bytes))),
    oracleEncode: (json: JsonValue): Uint8Array => toBinary(desc, fromJson(desc, json)),
    oracleDecode: (bytes: Uint8Array): JsonValue => toJson(desc, fromBinary(desc, bytes)),
  };
}

function toGenerated(desc: DescMessage, message: Message): Fields {
  const fields = message as unknown as Fields;
  const generated: Fields = {};
  for (const field of desc.fields) {
    if (field.oneof) {
      if (!isFieldSet(message, field)) continue;
      const { value } = fields[field.oneof.localName] as { value: unknown };
      generated[field.oneof.localName] = { $case: field.localName, value: convert(field, value, toGenerated) };
    } else if (field.presence === FeatureSet_FieldPresence.IMPLICIT || isFieldSet(message, field)) {
      generated[field.localName] = convert(field, fields[field.localName], toGenerated);
    }
  }
  return generated;
}

function fromGenerated(desc: DescMessage, generated: Fields): Message {
  const fields: Fields = {};
  for (const field of desc.fields) {
    if (field.oneof) {
      const chosen = generated[field.oneof.localName] as { $case: string; value: unknown } | undefined;
      if (chosen?.$case === field.localName) {
        fields[field.oneof.localName] = { case: field.localName, value: convert(field, chosen.value, fromGenerated) };
      }
    } else if (generated[field.localName] !== undefined) {
      fields[field.localName] = convert(field, generated[field.localName], fromGenerated);
    }
  }
  return create(desc, fields);
}

/** Both sides hold scalars, enums and Structs alike. ts-proto holds a field mask as the list of its paths. */
function convert(field: DescField, value: unknown, convertMessage: typeof toGenerated | typeof fromGenerated): unknown {
  const { message } = field;
  if (!message || message.typeName === 'google.protobuf.Struct') return value;
  if (message.typeName === 'google.protobuf.FieldMask') {
    return Array.isArray(value) ? { paths: value } : (value as { paths: string[] }).paths;
  }
  const one = (item: unknown) => convertMessage(message, item as Message & Fields);
  return field.fieldKind === 'list' ? (value as unknown[]).map(one) : one(value);
}
