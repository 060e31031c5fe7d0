import { InvalidText } from './invalidText.js';

/** Abbreviations that people type, and the zone that they probably mean. */
const PROBABLY: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    'Europe/Berlin': 'CET CEST MEZ MESZ',
    'Europe/Lisbon': 'WET WEST WEZ WESZ',
    'Europe/Athens': 'EET EEST OEZ OESZ',
    'Europe/London': 'BST',
    'Europe/Istanbul': 'TRT',
    'Europe/Moscow': 'MSK',
    'America/New_York': 'EST EDT ET',
    'America/Chicago': 'CST CDT CT',
    'America/Denver': 'MST MDT MT',
    'America/Los_Angeles': 'PST PDT PT',
    'America/Anchorage': 'AKST AKDT',
    'Pacific/Honolulu': 'HST',
    'America/Sao_Paulo': 'BRT BRST',
    'Africa/Lagos': 'WAT',
    'Africa/Johannesburg': 'SAST CAT',
    'Africa/Nairobi': 'EAT',
    'Asia/Dubai': 'GST',
    'Asia/Karachi': 'PKT',
    'Asia/Kolkata': 'IST',
    'Asia/Bangkok': 'ICT',
    'Asia/Singapore': 'SGT',
    'Asia/Hong_Kong': 'HKT',
    'Asia/Seoul': 'KST',
    'Asia/Tokyo': 'JST',
    'Australia/Perth': 'AWST',
    'Australia/Adelaide': 'ACST ACDT',
    'Australia/Sydney': 'AEST AEDT',
    'Pacific/Auckland': 'NZST NZDT',
  }).flatMap(([zone, abbreviations]) => abbreviations.split(' ').map(abbreviation => [abbreviation, zone])),
);

/** An offset in whole hours; Node.js 20 has zones for these only, whose names have the other sign. */
const OFFSET = /^([+-])(\d{1,2})(?::?00)?$/;

/**
 * Parses a time zone: an IANA name such as `Europe/Berlin`, `UTC`, or an offset in whole hours such as `+02:00`. Abbreviations are
 * refused, because they are ambiguous.
 */
export function parseTimeZone(text: string): string {
  const name = text.trim();
  refuseAbbreviation(name);
  const [, sign, hours] = OFFSET.exec(name) ?? [];
  const known = sign === undefined ? name : `Etc/GMT${sign === '+' ? '-' : '+'}${Number(hours)}`;
  try {
    const zone = new Intl.DateTimeFormat('en', { timeZone: known }).resolvedOptions().timeZone;
    if (name.toUpperCase() === 'GMT') return 'UTC';
    // Node.js still calls Asia/Kolkata Asia/Calcutta.
    return zone.toLowerCase() === known.toLowerCase() ? zone : known;
  } catch {
    throw new InvalidText('It must be a time zone such as Europe/Berlin, UTC or, in whole hours, +02:00.');
  }
}

/** @throws InvalidText when a text is the abbreviation of a zone other than UTC and GMT, with the zone that is probably meant. */
export function refuseAbbreviation(text: string): void {
  const probable = PROBABLY[text.toUpperCase()];
  if (probable === undefined) return;
  throw new InvalidText(`${text} is ambiguous; use the name of the zone, such as ${probable}.`);
}
