import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { isRequestId } from '../../src/service/web/jsonViolations.js';

/** A schema of JSON (draft 2020-12), as OpenAPI 3.1 has it. */
export type Schema = { readonly [key: string]: unknown };

/** Describes messages as JSON, as the mapping of protobuf has it. */
export interface OpenApiSchemas {
  /** A reference to the schema of a message, which is described with all that it holds. */
  of(message: DescMessage): Schema;
  /** The schemas that were referred to, by name. */
  readonly components: ReadonlyMap<string, Schema>;
}

const MAX_UINT32 = 2 ** 32 - 1;
const MAX_INT32 = 2 ** 31 - 1;

/** Messages that JSON has a form of its own for. */
const WELL_KNOWN: { readonly [name: string]: Schema } = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Struct': { type: 'object' },
  'google.protobuf.FieldMask': { type: 'string', examples: ['isActive,startTime'], default: '' },
};

/**
 * Creates schemas; what comments say becomes their descriptions.
 *
 * @param requests - the messages whose ids must be given.
 */
export function openApiSchemas(
  comments: ReadonlyMap<string, string>,
  requests: ReadonlySet<DescMessage>,
): OpenApiSchemas {
  const components = new Map<string, Schema>();

  function described(name: string, schema: Schema): Schema {
    const description = comments.get(name);
    return description === undefined ? schema : { description, ...schema };
  }

  function reference(name: string, schema: () => Schema): Schema {
    if (!components.has(name)) {
      // Those that refer to themselves end here.
      components.set(name, {});
      components.set(name, described(name, schema()));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  function of(message: DescMessage): Schema {
    return WELL_KNOWN[message.typeName] ?? reference(message.typeName, () => object(message));
  }

  function object(message: DescMessage): Schema {
    const properties = message.fields.map(field => [field.jsonName, described(nameOf(field), schemaOf(field))]);
    const ids = requests.has(message) ? message.fields.filter(isRequestId).map(({ jsonName }) => jsonName) : [];
    const choices = message.oneofs.map(({ fields }) => fields.map(({ jsonName }) => jsonName).join(', '));
    return {
      type: 'object',
      ...(choices.length > 0 && { $comment: choices.map(names => `At most one of ${names}.`).join(' ') }),
      ...(ids.length > 0 && { required: ids }),
      properties: Object.fromEntries(properties),
    };
  }

  function schemaOf(field: DescField): Schema {
    switch (field.fieldKind) {
      case 'scalar':
        return { ...scalar(field.scalar), ...(isFalseByDefault(field) && { default: false }) };
      case 'enum':
        return enumeration(field.enum);
      case 'message':
        return of(field.message);
      case 'list':
        return { type: 'array', items: item(field) };
      case 'map':
        throw new Error(`${field.name}: maps are not described`);
    }
  }

  function item(field: DescField & { fieldKind: 'list' }): Schema {
    switch (field.listKind) {
      case 'scalar':
        return scalar(field.scalar);
      case 'enum':
        return enumeration(field.enum);
      case 'message':
        return of(field.message);
    }
  }

  function enumeration(type: DescEnum): Schema {
    return reference(type.typeName, () => ({ type: 'string', enum: type.values.map(({ name }) => name) }));
  }

  return { of, components };
}

function nameOf(field: DescField): string {
  return `${field.parent.typeName}.${field.name}`;
}

/** Whether a missing value means false; that of an optional field means that there is none. */
function isFalseByDefault({ scalar, proto, oneof }: DescField): boolean {
  return scalar === ScalarType.BOOL && !proto.proto3Optional && oneof === undefined;
}

function scalar(type: ScalarType): Schema {
  switch (type) {
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.UINT32:
      return { type: 'integer', minimum: 0, maximum: MAX_UINT32 };
    case ScalarType.INT32:
      return { type: 'integer', minimum: -MAX_INT32 - 1, maximum: MAX_INT32 };
    case ScalarType.UINT64:
      // Answers have a text, because JavaScript numbers are exact only up to 2^53; requests may have either.
      return { type: ['string', 'integer'], pattern: '^[0-9]+$', minimum: 0 };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    default:
      throw new Error(`the type ${ScalarType[type]} is not described`);
  }
}
