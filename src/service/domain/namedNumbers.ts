import { invalidOption } from './invalidOption.js';

/**
 * Checks an option that holds numbers by their names, and fills in the defaults.
 *
 * @param most - the greatest number that is allowed. @default any
 * @throws DispatchError INVALID_ARGUMENT, which names the number, when it is not an integer from 1 on, or its name is unknown.
 */
export function namedNumbers<Name extends string>(
  option: string,
  given: { readonly [Each in Name]?: number | undefined },
  defaults: Readonly<Record<Name, number>>,
  most = Number.POSITIVE_INFINITY,
): Record<Name, number> {
  const numbers: Record<Name, number> = { ...defaults };
  for (const [name, number] of Object.entries<number | undefined>(given)) {
    const field = `${option}.${name}`;
    if (!Object.hasOwn(defaults, name)) {
      throw invalidOption(field, `must be one of ${Object.keys(defaults).join(', ')}`);
    }
    if (number === undefined) continue;
    if (!(Number.isSafeInteger(number) && number >= 1 && number <= most)) {
      const range = most === Number.POSITIVE_INFINITY ? 'above 0' : `from 1 to ${most}`;
      throw invalidOption(field, `must be an integer ${range}`);
    }
    numbers[name as Name] = number;
  }
  return numbers;
}
