import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const bundled = await build({
  stdin: {
    contents: "export * from './assign'; export * from './hash';",
    resolveDir: fileURLToPath(new URL('../src', import.meta.url)),
    loader: 'ts',
  },
  bundle: true,
  format: 'esm',
  write: false,
});
const sdk = await import('data:text/javascript,' + encodeURIComponent(bundled.outputFiles[0].text));

test('hashes land where every GrowthBook SDK puts them', () => {
  assert.equal(sdk.hash('', 'a', 1), 0.22);
  assert.equal(sdk.hash('b', 'a', 1), 0.946);
  assert.equal(sdk.hash('seed', 'a', 2), 0.0505);
  assert.equal(sdk.hash('seed', 'a', 3), null);
});

test('version 2 spreads evenly', () => {
  const tenths = Array(10).fill(0);
  for (let i = 0; i < 20000; i++) tenths[Math.floor(sdk.hash('home', 'visitor-' + i, 2) * 10)]++;
  const chi2 = tenths.reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0);
  assert.ok(chi2 < 33.7, `chi-square ${chi2}: ${tenths}`);
});

test('coverage grows each range from its own start, and unsound weights count as equal', () => {
  assert.deepEqual(sdk.bucketRanges(2, 0.5), [[0, 0.25], [0.5, 0.75]]);
  assert.deepEqual(sdk.bucketRanges(2, 1, [0.4, 0.1]), [[0, 0.5], [0.5, 1]]);
  assert.deepEqual(sdk.bucketRanges(2, -1), [[0, 0], [0.5, 0.5]]);
  assert.deepEqual(sdk.bucketRanges(0), []);
});

test('a place outside all ranges has no variation', () => {
  const ranges = sdk.bucketRanges(2, 0.5);
  assert.deepEqual([0, 0.2499, 0.25, 0.5, 0.75].map((at) => sdk.chooseVariation(at, ranges)), [0, 0, -1, 1, -1]);
});

test('who is kept out stays out', () => {
  const running = { key: 'e', status: 'running', variations: [0, 1], hashVersion: 2 };
  assert.ok(sdk.assign(running, { id: 'v' }) >= 0);
  assert.equal(sdk.assign(running, { id: '' }), -1);
  assert.equal(sdk.assign({ ...running, status: 'stopped' }, { id: 'v' }), -1);
  assert.equal(sdk.assign({ ...running, active: false }, { id: 'v' }), -1);
  assert.equal(sdk.assign({ ...running, coverage: 0 }, { id: 'v' }), -1);
  assert.equal(sdk.assign({ ...running, condition: { country: 'DE' } }, { id: 'v', country: 'DE' }), -1);
  assert.ok(sdk.assign({ ...running, condition: {} }, { id: 'v' }) >= 0);
  assert.equal(sdk.assign({ ...running, namespace: ['n', 0, 1] }, { id: 'v' }), -1);
});
