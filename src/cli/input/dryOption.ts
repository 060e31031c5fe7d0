/** The option `--dry` of commands that change dispatches. */
export const DRY_OPTION = [
  '--dry',
  'show what would be changed, and do nothing; the service may still refuse it',
] as const;
