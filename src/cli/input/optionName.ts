/** The option of the command line that commander parses to a name: `--start-from` for `startFrom`. */
export function optionName(name: string): string {
  return `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
}
