import { describe, expect, it } from 'vitest';
import { networkOf } from '../../../src/service/access/addressBudget.js';
import { type CallHeaders, callGate, type Verdict } from '../../../src/service/access/callGate.js';
import { DEFAULT_LIMITS, type EffectiveLimits } from '../../../src/service/access/callLimits.js';
import { type ApiKey, keyRing } from '../../../src/service/access/keyRing.js';
import { signedMetadata } from '../../support/signedMetadata.js';

const PATH = '/frequenz.api.dispatch.v1.MicrogridDispatchService/GetMicrogridDispatch';
const CHECK = '/grpc.health.v1.Health/Check';
const WATCH = '/grpc.health.v1.Health/Watch';

const partner = (name: string): ApiKey => ({ name, key: `key-${name}`, secret: `secret-${name}`, microgrids: 'all' });
const A = partner('a');
const B = partner('b');

function gateOf(keys: readonly ApiKey[], limits: Partial<EffectiveLimits> = {}) {
  const ring = keyRing(keys);
  return { ring, gate: callGate(ring, { ...DEFAULT_LIMITS, ...limits }) };
}

/** The headers of a rightly signed call. */
function signed({ key, secret = '' }: ApiKey, overrides: Partial<CallHeaders> & { secret?: string } = {}): CallHeaders {
  const { secret: used = secret, ...rest } = overrides;
  const metadata = signedMetadata({ key, secret: used, method: 'GetMicrogridDispatch' });
  const [ts, nonce, sig] = ['ts', 'nonce', 'sig'].map(name => String(metadata.get(name))) as [string, string, string];
  return { path: PATH, isStream: false, address: '192.0.2.1', key, ts, nonce, sig, ...rest };
}

const health = (path: string, address: string): CallHeaders => ({
  path,
  isStream: path === WATCH,
  address,
  ...{ key: '', ts: '', nonce: '', sig: '' },
});

/** The code of a refusal; null for a call that was let in. */
const codeOf = (verdict: Verdict) => ('refusal' in verdict ? verdict.refusal.code : null);

describe('callGate', () => {
  it('counts wrong signatures for the address, and never for the key', () => {
    const { gate } = gateOf([A], { callsPerSecond: 1, unauthenticatedPerSecond: 2 });
    const wrong = Array.from({ length: 12 }, () => codeOf(gate.judge(signed(A, { secret: 'wrong' }))));
    expect(wrong).toEqual([...Array(10).fill('UNAUTHENTICATED'), ...Array(2).fill('RESOURCE_EXHAUSTED')]);
    expect(codeOf(gate.judge(signed(A, { secret: 'wrong', address: '192.0.2.2' })))).toBe('UNAUTHENTICATED');
    // All of the burst of the key is left, also at the address whose budget is used up.
    const right = Array.from({ length: 6 }, () => codeOf(gate.judge(signed(A))));
    expect(right).toEqual([...Array(5).fill(null), 'RESOURCE_EXHAUSTED']);
  });

  it('judges limits before the nonce, which a call above a limit leaves unused', () => {
    const { gate } = gateOf([A], { callsPerKey: 1 });
    const first = gate.judge(signed(A));
    const call = signed(A);
    expect(codeOf(gate.judge(call))).toBe('RESOURCE_EXHAUSTED');
    if ('leave' in first) first.leave();
    const again = gate.judge(call);
    expect(codeOf(again)).toBe(null);
    if ('leave' in again) again.leave();
    // A replay leaves nothing counted behind.
    expect(codeOf(gate.judge(call))).toBe('UNAUTHENTICATED');
    expect(codeOf(gate.judge(signed(A)))).toBe(null);
  });

  it('names the caller of a refusal only when its signature was right', () => {
    const { gate } = gateOf([A], { callsPerKey: 1 });
    gate.judge(signed(A));
    expect(gate.judge(signed(A))).toMatchObject({ caller: { name: 'a' } });
    expect(gate.judge(signed(A, { secret: 'wrong' }))).toMatchObject({ caller: undefined });
  });

  it('forgets nonces and counts of a key that goes, and those of no other', () => {
    const { gate, ring } = gateOf([A, B], { callsPerKey: 1 });
    const [ofA, ofB] = [signed(A), signed(B)];
    expect([codeOf(gate.judge(ofA)), codeOf(gate.judge(ofB))]).toEqual([null, null]);
    ring.replace([B]);
    expect(codeOf(gate.judge(ofA))).toBe('UNAUTHENTICATED');
    ring.replace([A, B]);
    expect(codeOf(gate.judge(ofA))).toBe(null);
    expect(codeOf(gate.judge(signed(B)))).toBe('RESOURCE_EXHAUSTED');
  });

  it('lets health checks in whatever else is used up, by a budget for each address', () => {
    const { gate } = gateOf([A], { calls: 1, unauthenticatedPerSecond: 1 });
    gate.judge(signed(A));
    for (let count = 0; count < 10; count += 1) gate.judge(signed(B));
    expect([codeOf(gate.judge(signed(A))), codeOf(gate.judge(signed(B)))]).toEqual(Array(2).fill('RESOURCE_EXHAUSTED'));
    expect(codeOf(gate.judge(health(CHECK, '192.0.2.1')))).toBe(null);
    const watches = Array.from({ length: 101 }, () => gate.judge(health(WATCH, '192.0.2.1')));
    expect(watches.map(codeOf)).toEqual([...Array(100).fill(null), 'RESOURCE_EXHAUSTED']);
    expect(codeOf(gate.judge(health(WATCH, '192.0.2.2')))).toBe(null);
    for (const watch of watches) if ('leave' in watch) watch.leave();
    expect(codeOf(gate.judge(health(WATCH, '192.0.2.1')))).toBe(null);
    const checks = Array.from({ length: 2_000 }, () => codeOf(gate.judge(health(CHECK, '192.0.2.1'))));
    expect(checks).toContain('RESOURCE_EXHAUSTED');
    expect(codeOf(gate.judge(health(CHECK, '192.0.2.2')))).toBe(null);
  });
});

describe('networkOf', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1:2:3:4%eth0', 'fe80:0:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['', ''],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
