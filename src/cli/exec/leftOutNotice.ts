/**
 * Creates what says that commands of a dispatch lack a variable of the environment, once for each variable of each dispatch.
 *
 * @param say Prints a line for people.
 */
export function leftOutNotice(say: (line: string) => void): (dispatchId: number, variable: string) => void {
  const said = new Set<string>();
  return (dispatchId, variable) => {
    const line = `dispatch ${dispatchId}: ${variable} does not fit into the environment of its command, which has it on its stdin only`;
    if (said.has(line)) return;
    said.add(line);
    say(line);
  };
}
