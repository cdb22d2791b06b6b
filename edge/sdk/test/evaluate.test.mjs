import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
// As it is shipped; the reference cases and the differential test say more than these.
import { bucketRanges, chooseVariation, feature, hash, matches, redirect, run } from '../dist/evaluator.mjs';

test('hashes land where every GrowthBook SDK puts them', () => {
  assert.equal(hash('', 'a', 1), 0.22);
  assert.equal(hash('b', 'a', 1), 0.946);
  assert.equal(hash('seed', 'a', 2), 0.0505);
  assert.ok(isNaN(hash('seed', 'a', 3)));
});

test('version 2 spreads evenly', () => {
  const tenths = Array(10).fill(0);
  for (let i = 0; i < 20000; i++) tenths[Math.floor(hash('home', 'visitor-' + i, 2) * 10)]++;
  const chi2 = tenths.reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0);
  assert.ok(chi2 < 33.7, `chi-square ${chi2}: ${tenths}`);
});

test('coverage grows each range from its own start, and unsound weights count as equal', () => {
  assert.deepEqual(bucketRanges(2, 0.5), [[0, 0.25], [0.5, 0.75]]);
  assert.deepEqual(bucketRanges(2, 1, [0.4, 0.1]), [[0, 0.5], [0.5, 1]]);
  assert.deepEqual(bucketRanges(2, -1), [[0, 0], [0.5, 0.5]]);
  assert.deepEqual(bucketRanges(0), []);
});

test('a place outside all ranges has no variation', () => {
  const ranges = bucketRanges(2, 0.5);
  assert.deepEqual([0, 0.2499, 0.25, 0.5, 0.75, NaN].map((at) => chooseVariation(at, ranges)), [0, 0, -1, 1, -1, -1]);
});

const e = { key: 'e', status: 'running', variations: ['a', 'b'], meta: [{ key: 'control' }, { key: 'b' }], hashVersion: 2 };
const indexOf = (experiment, attributes, more) => run({ ...e, ...experiment }, { attributes, ...more }).index;

test('who is kept out stays out', () => {
  assert.ok(indexOf({}, { id: 'v' }) >= 0);
  assert.ok(indexOf({ condition: {} }, { id: 'v' }) >= 0);
  assert.ok(indexOf({ condition: { country: 'DE' } }, { id: 'v', country: 'DE' }) >= 0);
  for (const out of [
    { status: 'stopped' }, { status: 'draft' }, { active: false }, { coverage: 0 }, { variations: ['a'] }, { hashVersion: 9 }, { ranges: [] },
    { condition: { country: 'DE' } }, { namespace: ['n', 0, 0] }, { filters: [{ seed: 's', ranges: [] }] }, { hashAttribute: 'none' },
    { urlPatterns: [{ type: 'simple', pattern: '/other' }] }, { parentConditions: [{ id: 'f', condition: { value: 1 } }] }, { variations: undefined },
  ]) assert.equal(indexOf(out, { id: 'v' }, { url: 'https://x.example/' }), -1, JSON.stringify(out));
});

test('what was assigned stays, until its version no longer counts', () => {
  const sticky = { 'id||v||e__0': 'b' };
  const asked = (experiment) => {
    const assigned = {};
    const { index, stuck } = run({ ...e, ...experiment }, { attributes: { id: 'v' }, sticky, assigned });
    return [index, !!stuck, assigned];
  };
  assert.deepEqual(asked({ weights: [1, 0] }), [1, true, { 'id||v||e__0': 'b' }]);
  assert.deepEqual(asked({ coverage: 0 }), [1, true, { 'id||v||e__0': 'b' }]);
  assert.deepEqual(asked({ weights: [1, 0], bucketVersion: 1 }), [0, false, { 'id||v||e__1': 'control' }]);
  assert.deepEqual(asked({ bucketVersion: 1, minBucketVersion: 1 }), [-1, true, {}]);
  assert.deepEqual(asked({ weights: [1, 0], disableStickyBucketing: true }), [0, false, {}]);
  assert.deepEqual(sticky, { 'id||v||e__0': 'b' });
});

test('prerequisites that depend on each other, however many, end', () => {
  const parents = (...ids) => ({ rules: [{ parentConditions: ids.map((id) => ({ id, condition: { value: 1 } })), force: 1 }] });
  assert.equal(feature('a', { features: { a: parents('b'), b: parents('a') } }).source, 'cyclicPrerequisite');
  const chain = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => ['f' + i, parents('f' + (i + 1))]));
  assert.equal(feature('f0', { features: chain }).source, 'cyclicPrerequisite');
  const diamond = Object.fromEntries(Array.from({ length: 60 }, (_, i) => ['f' + i, parents('f' + (i + 1), 'f' + (i + 1))]));
  diamond.f60 = { defaultValue: 1 };
  assert.equal(feature('f0', { features: diamond }).source, 'cyclicPrerequisite');
});

test('nonsense and absurd depth are true for nobody, and nothing is thrown', () => {
  const deep = (levels) => JSON.parse('{"$not":'.repeat(levels) + '{}' + '}'.repeat(levels));
  assert.equal(matches(deep(64), {}), true);
  for (const levels of [65, 66, 3000]) assert.equal(matches(deep(levels), {}), false, String(levels));
  for (const condition of [5, 'x', [], null, { $and: 1 }, { $or: [null] }, { a: { $in: 1 } }, { a: { $regex: '(' } }, { a: { $what: 1 } }]) {
    assert.equal(matches(condition, { a: 'x' }), false, JSON.stringify(condition));
  }
  const odd = JSON.parse('{"__proto__": {"admin": true}, "toString": 1}');
  assert.equal(matches({ 'toString.name': 'x', admin: true }, odd), false);
  assert.equal(matches({ constructor: null, admin: null }, {}), true);
});

test('the first redirect experiment that the visitor is in decides', () => {
  const to = (key, url, pattern) => ({ key, variations: [{}, { urlRedirect: url }], weights: [0, 1], urlPatterns: [{ type: 'simple', pattern }], persistQueryString: true });
  const at = (url, ...experiments) => redirect({ url, attributes: { id: 'v' }, experiments })?.url;
  const other = to('other', 'https://x.example/c', '/b');
  assert.equal(at('https://x.example/a?q=1', other, to('e', 'https://x.example/b?z=2', '/a')), 'https://x.example/b?z=2&q=1');
  assert.equal(at('https://x.example/a', to('loop', 'https://x.example/a/', '/a')), undefined);
  assert.equal(at('https://x.example/a', to('broken', 'not an address', '/a')), undefined);
});

test('visitors stay in a phase that keeps the seed, and move in one that does not', () => {
  // Written by the edge's code, whose test has the same visitors.
  const { served, visitors } = JSON.parse(readFileSync(new URL('../../../shared/src/bundle/phases.json', import.meta.url), 'utf8'));
  for (const [id, variants] of Object.entries(visitors)) {
    const sticky = {};
    const seen = served.map((experiment, phase) => {
      if (variants[phase] === null) return null;
      const assigned = {};
      const { index } = run(experiment, { attributes: { id }, sticky, assigned });
      Object.assign(sticky, assigned);
      return experiment.meta[index].key;
    });
    assert.deepEqual(seen, variants, id);
  }
  assert.ok(Object.values(visitors).some(([, before, after]) => before !== after));
});
