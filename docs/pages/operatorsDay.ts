import { withTranscript } from './transcript.js';

/** What an operator does in a week, as a terminal shows it. */
export interface OperatorsDay {
  /** The page. */
  readonly page: string;
  /** Lines for a picture of a terminal. */
  readonly preview: string;
}

const WEEKDAYS = '--frequency weekly --by-weekday mon-fri --time-zone Europe/Berlin --until 2027-04-30';

/** Plays the day on a service and formats it as a page. */
export function operatorsDay(): Promise<OperatorsDay> {
  return withTranscript('2027-03-22T06:30:00Z', async ({ at, run, follow }) => {
    const parts: string[] = [];
    const tell = (...texts: string[]) => parts.push(...texts);
    const play = async (line: string) => parts.push(await run(line));

    tell(
      "# An operator's day",
      'What the person who plans a site types, and what a terminal shows. The page is made by `npm run pages`, which types it on a service whose clock stands still, and a test ' +
        'checks that it is current. The site is near Berlin; it is Monday, 22 March 2027, 07:30, and on Sunday the clock will be changed.',
      '## Plan a week in local time',
      'The site may take at most 250 kW from the grid on working days from 8 to 16. See it before it is created:',
    );
    const preview = await run(`preview '2027-03-22 08:00' 8h ${WEEKDAYS} --runs 6`);
    tell(
      preview,
      'The last line of the runs is 06:00 UTC instead of 07:00: the clock has changed, and the local time has not. Create it, and charge the battery each night:',
    );
    await play(
      `create 1 PEAK_SHAVING GRID '2027-03-22 08:00' 8h ${WEEKDAYS} --payload '{"limit_kw": 250}' --note 'limit of the contract'`,
    );
    await play(
      `create 1 CHARGE BATTERY '2027-03-22 22:00' 4h --frequency daily --time-zone Europe/Berlin --until 2027-04-30 --payload '{"kw": 40}'`,
    );
    tell(
      'A rule in local time is a [group of dispatches](local-time.md), and is changed as one. The list has one line for it:',
    );
    await play('list 1 --columns id,type,state,duration,target,recurrence');

    tell('## Find an overlap', 'A colleague wants battery inverter 5 quiet on Tuesday night, for a measurement:');
    await play(`create 1 HOLD 5 '2027-03-23 23:30+01:00' 2h --note 'measurement of noise'`);
    await play('overlaps 1 --from 2027-03-23 --to 2027-03-25');
    tell(
      'A target does not tell whether component 5 is a battery, so it may be. A program that controls it takes the one that began last, if it merges them [for its component](merging.md#strategies). Both run at midnight:',
    );
    await play(`at 1 '2027-03-24 00:00+01:00'`);

    tell('## Pause, and resume', 'At 9:15 the inverter is being repaired. Nothing may run on it:');
    at('2027-03-22T08:15:00Z');
    await play(`pause 1 5 --note 'inverter 5 is being repaired'`);
    at('2027-03-22T10:40:00Z');
    await play(`resume 1 --type HOLD --note 'repaired'`);

    tell('## Run now', 'Does the battery charge after the repair? Run a copy of a night for five minutes:');
    await play('run-now 1 3 --duration 5m --note test');

    tell('## Skip a holiday', 'On Good Friday and on Easter Monday nobody works, so there is no limit:');
    await play(`skip 1 g00000001 2027-03-26 --note 'Good Friday'`);
    await play(`skip 1 g00000001 2027-03-29 --note 'Easter Monday'`);

    // It runs while nobody types.
    await follow('2027-03-25T00:00:00Z');
    tell(
      '## Prove what was delivered',
      'The dispatcher of the site is `dispatch follow 1 --store site.db`. It keeps what it did ([history](history.md)). When did the test and the measurement run?',
    );
    at('2027-03-25T08:00:00Z');
    await play('history --store site.db --dispatch-ids 5,6 --oldest-first');
    tell(
      'And what was planned and delivered until Wednesday? It was started on Monday at 11:40, in the middle of the first limit, which the report does not hide:',
    );
    await play('report --store site.db --from 2027-03-22 --to 2027-03-25');
    tell('In April somebody asks who stopped the measurement, and when:');
    at('2027-04-12T09:00:00Z');
    await play('audit 1 --dispatch-ids 5 --oldest-first');
    tell(
      'Such a plan can be kept, and created again, as [lines of JSON or a calendar](exchange.md). All commands and options are on [the page of the command](command.md).',
    );
    return { page: `${parts.join('\n\n')}\n`, preview };
  });
}
