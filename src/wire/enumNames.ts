/** The numbers of an enum by name, as in the generated code. */
type EnumNumbers<Name extends string> = { readonly [name in Name]: number };

/** The name of an enum number, or the number itself when this version does not know it. */
export function decodeEnum<Name extends string>(numbers: EnumNumbers<Name>, value: number): Name | number {
  for (const name in numbers) if (numbers[name] === value) return name;
  return value;
}

/**
 * The number of an enum name; a number is returned unchanged.
 *
 * @param field its path, for the message
 * @throws RangeError when it is neither a name of the enum nor an integer of 32 bits.
 */
export function encodeEnum<Number extends number>(
  numbers: { readonly [name: string]: Number },
  value: string | number,
  field: string,
): Number {
  const number = typeof value === 'number' ? value : Object.hasOwn(numbers, value) ? numbers[value] : undefined;
  // A number that this version does not know is passed on unchanged; enum numbers have 32 bits.
  if (number !== undefined && (number | 0) === number) return number as Number;
  throw new RangeError(`${field} must be one of ${Object.keys(numbers).join(', ')}, not ${value}`);
}
