import { readFileSync } from 'node:fs';
import { parse } from '@babel/parser';

type Statement = ReturnType<typeof parse>['program']['body'][number];
type Variables = Extract<Statement, { type: 'VariableDeclaration' }>;
type Expression = NonNullable<Variables['declarations'][number]['init']>;
type ObjectLiteral = Extract<Expression, { type: 'ObjectExpression' }>;

/** A machine as tools have it that only read its file. */
export interface ExtractedMachine {
  /** What it is exported as. */
  readonly name: string;
  /** The literal of its config, without its references. */
  readonly config: object;
  /** Where the config has a name in place of a literal, such as `invoke.2.input`. */
  readonly references: readonly string[];
  /** The names of the implementations that it declares, by kind. */
  readonly declared: { readonly [kind: string]: readonly string[] };
}

/**
 * Reads the `export const x = setup({…}).createMachine({…})` of a file, which may be the first argument of a function.
 *
 * @throws Error when it has not exactly one, or its config anything but literals and names.
 */
export function extractMachine(file: URL): ExtractedMachine {
  const source = readFileSync(file, 'utf8');
  const [found, ...more] = parse(source, { sourceType: 'module', plugins: ['typescript'] }).program.body.flatMap(
    statement => (statement.type === 'ExportNamedDeclaration' ? machinesOf(statement.declaration) : []),
  );
  if (found === undefined || more.length > 0 || source.match(/\bcreateMachine\b/g)?.length !== 1) {
    throw new Error(`${file.pathname} has not exactly one exported setup({…}).createMachine({…})`);
  }
  const references: string[] = [];
  return {
    name: found.name,
    config: readObject(found.config, [], references),
    references,
    declared: Object.fromEntries(
      propertiesOf(found.setup).flatMap(([kind, value]) =>
        kind !== 'types' && value.type === 'ObjectExpression' ? [[kind, propertiesOf(value).map(([key]) => key)]] : [],
      ),
    ),
  };
}

function machinesOf(declaration: Extract<Statement, { type: 'ExportNamedDeclaration' }>['declaration']) {
  if (declaration?.type !== 'VariableDeclaration') return [];
  return declaration.declarations.flatMap(({ id, init: value }) => {
    if (id.type !== 'Identifier' || value?.type !== 'CallExpression') return [];
    const [argument] = value.arguments;
    const init = value.callee.type === 'Identifier' && argument?.type === 'CallExpression' ? argument : value;
    const { callee } = init;
    if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return [];
    if (callee.property.name !== 'createMachine' || callee.object.type !== 'CallExpression') return [];
    const isSetup = callee.object.callee.type === 'Identifier' && callee.object.callee.name === 'setup';
    const [[setup], [config]] = [callee.object.arguments, init.arguments];
    return isSetup && setup?.type === 'ObjectExpression' && config?.type === 'ObjectExpression'
      ? [{ name: id.name, setup, config }]
      : [];
  });
}

function read(node: Expression, path: string[], references: string[]): unknown {
  switch (node.type) {
    case 'StringLiteral':
    case 'NumericLiteral':
    case 'BooleanLiteral':
      return node.value;
    case 'NullLiteral':
      return null;
    case 'Identifier':
      references.push(path.join('.'));
      return undefined;
    case 'ArrayExpression':
      return node.elements.map((element, i) => read(element as Expression, [...path, `${i}`], references));
    case 'ObjectExpression':
      return readObject(node, path, references);
    default:
      throw new Error(`${path.join('.')} is neither a literal nor a name: ${node.type}`);
  }
}

function readObject(node: ObjectLiteral, path: string[], references: string[]): object {
  return Object.fromEntries(propertiesOf(node).map(([key, value]) => [key, read(value, [...path, key], references)]));
}

/** The properties of an object literal; a method counts as a function. */
function propertiesOf(node: ObjectLiteral): [key: string, value: Expression][] {
  return node.properties.map(property => {
    if (property.type === 'SpreadElement' || property.computed) throw new Error('a property has no name of its own');
    const { key } = property;
    const name = key.type === 'Identifier' ? key.name : key.type === 'StringLiteral' ? key.value : undefined;
    if (name === undefined) throw new Error(`a property has a ${key.type} for a name`);
    return [name, (property.type === 'ObjectMethod' ? property : property.value) as Expression];
  });
}
