/**
 * Parses the JSON of a file that people write, where a mistake must not go unnoticed.
 *
 * @param known The names of fields that a message may tell; without it all.
 * @throws RangeError when it begins with a byte order mark, is not valid or has a field twice in one object. The message begins with a verb,
 * tells the line, and holds nothing else of the content.
 */
export function parseJsonFile(text: string, known?: readonly string[]): unknown {
  const lineAt = (position: number) => ` (line ${text.trimEnd().slice(0, position).split('\n').length})`;
  if (text.startsWith('\uFEFF')) {
    throw new RangeError('must not begin with a byte order mark: store it as UTF-8 without one');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The message of the parser quotes the content.
    const [, position] = /position (\d+)/.exec((error as Error).message) ?? [];
    throw new RangeError(`is not valid JSON${position === undefined ? '' : lineAt(Number(position))}`);
  }
  const twice = repeatedField(text);
  if (twice === null) return value;
  const field = known?.includes(twice.name) === false ? 'a field' : `the field ${twice.name}`;
  throw new RangeError(`has ${field} twice${lineAt(twice.position)}`);
}

/** A string, with the colon that makes it the name of a field, or where an object begins or ends. */
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g;

/** The first field of valid JSON that its object has already; JSON.parse takes the last one. */
function repeatedField(json: string): { readonly name: string; readonly position: number } | null {
  const objects: Set<string>[] = [];
  for (const { 0: token, 1: string, 2: colon, index: position } of json.matchAll(TOKEN)) {
    if (token === '{') objects.push(new Set());
    else if (token === '}') objects.pop();
    else if (string !== undefined && colon !== undefined) {
      const name: string = JSON.parse(string);
      if (objects.at(-1)?.has(name)) return { name, position };
      objects.at(-1)?.add(name);
    }
  }
  return null;
}
