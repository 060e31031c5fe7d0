import type { DescField, DescMessage } from '@bufbuild/protobuf';

import type { FieldViolation } from '../../model/dispatchError.js';
import type { ErrorStatus } from '../grpc/errorStatus.js';

/**
 * An error about a request in JSON, of this type, in the names that its caller writes, as `google.rpc.BadRequest` has it. Errors are made in the names of the
 * protocol.
 */
export function inJsonNames(status: ErrorStatus, type: DescMessage): ErrorStatus {
  const { details, violations = [] } = status;
  const [field = ''] = details.split(': ');
  const told = violations.length > 0 ? violations : [{ field, description: details }];
  const named = told.map(violation => ({ from: violation, to: namedViolation(violation, type) }));
  return {
    ...status,
    details: named.reduce((text, { from, to }) => text.replace(from.description, () => to.description), details),
    ...(violations.length > 0 && { violations: named.map(({ to }) => to) }),
  };
}

function namedViolation({ field, description }: FieldViolation, type: DescMessage): FieldViolation {
  const named = namedField(field, type);
  if (named === null) return { field, description };
  const problem = description.slice(field.length).replace(/\b[a-z]+(?:_[a-z]+)+\b/g, jsonName);
  return { field: named.path, description: named.path + namedValues(problem, named.last) };
}

/** The path of a field of a message with the last field that it names; null when it names none. */
function namedField(path: string, { typeName, fields }: DescMessage): { path: string; last: DescField } | null {
  const [, name, index = '', rest = ''] = /^(\w+)((?:\[\d+\])?)(.*)$/s.exec(path) ?? [];
  const field = typeName.startsWith('google.protobuf.') ? undefined : fields.find(each => each.name === name);
  if (!field) return null;
  const { jsonName: own, message } = field;
  // In JSON it is one text.
  if (message?.typeName === 'google.protobuf.FieldMask') return { path: own, last: field };
  const inner = message && rest.startsWith('.') ? namedField(rest.slice(1), message) : null;
  return inner ? { path: `${own}${index}.${inner.path}`, last: inner.last } : { path: own + index + rest, last: field };
}

/** The values of an enum have short names in the generated code. */
function namedValues(problem: string, { enum: enumeration }: DescField): string {
  const names = new Map(enumeration?.values.map(({ localName, name }) => [localName, name]));
  return problem.replace(/\b[A-Z][A-Z\d_]*\b/g, short => names.get(short) ?? short);
}

function jsonName(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}
