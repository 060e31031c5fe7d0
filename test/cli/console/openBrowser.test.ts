import { describe, expect, it } from 'vitest';
import { browserCommand } from '../../../src/cli/console/openBrowser.js';

describe('the browser is opened', () => {
  it.each<[NodeJS.Platform, Record<string, string>, readonly string[] | null]>([
    ['linux', { DISPLAY: ':0' }, ['xdg-open']],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open']],
    ['linux', {}, null],
    ['linux', { DISPLAY: '' }, null],
    ['darwin', {}, ['open']],
    ['win32', {}, ['rundll32', 'url.dll,FileProtocolHandler']],
  ])('on %s with %j by %j', (platform, env, command) => {
    expect(browserCommand(platform, env)).toEqual(command);
  });
});
