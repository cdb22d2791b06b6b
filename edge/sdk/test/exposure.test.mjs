// Exposures: by activate and flags, not by look-ups; previews; redirects that do not happen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edge, entered, events, kinds, payload, site, titled, twoVariants, until, visit } from '../browser/site.mjs';

const flush = (page) => page.evaluate(() => Beacon.flush());
/** A page that is left before it hears that its events arrived has them sent again, under the same ids. */
const exposures = () => [...new Map(kinds('exposure').map((e) => [e.event_id, [e.experiment_id, e.variant_id, e.phase]])).values()];

test('exposures and conversions carry the phase as a field of their own', () => visit(async (page) => {
  edge.payload = { ...payload, experiments: [twoVariants('hero', { phase: '0191-a' }), twoVariants('old', { phase: 3 }), twoVariants('none', { phase: undefined })] };
  await page.goto(site.origin + '/slow');
  for (const key of ['hero', 'old', 'none']) {
    await page.evaluate((key) => BeaconExperiments.activate(key).then(() => BeaconExperiments.trackConversion(key, 'signup')), key);
  }
  await flush(page);
  assert.deepEqual(exposures(), [['hero', 'b', '0191-a'], ['old', 'b', '3'], ['none', 'b', undefined]]);
  assert.deepEqual(kinds('conversion').map((e) => e.phase), ['0191-a', '3', undefined]);
  assert.ok(events().every((e) => !e.props || !('phase' in e.props)));
}));

test('activate exposes once, with or without a behaviour, and getVariant never', () => visit(async (page) => {
  await page.goto(site.origin + '/slow');
  assert.equal(await entered(page, 'hero'), 'b');
  await flush(page);
  assert.deepEqual(exposures(), []);
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await page.evaluate(() => BeaconExperiments.activate('hero')), { variant_id: 'b', config: { h: 'B' } });
  }
  await page.reload();
  await page.evaluate(() => BeaconExperiments.activate('hero'));
  await flush(page);
  assert.deepEqual(exposures(), [['hero', 'b', '0']]);
}));

test('a behaviour that comes after activate runs once', () => visit(async (page) => {
  await page.goto(site.origin + '/slow');
  await page.evaluate(() => BeaconExperiments.activate('hero'));
  await page.evaluate(titled('hero'));
  assert.equal(await page.title(), 'hero b');
  await page.evaluate(() => (document.title = 'changed since'));
  await page.evaluate(titled('hero'));
  assert.equal(await page.title(), 'changed since');
}));

test('a flag whose value an experiment decides exposes once per variant, and others never', () => visit(async (page) => {
  const rule = (more) => ({ variations: ['x', 'y'], weights: [0, 1], coverage: 1, hashVersion: 2, meta: [{ key: 'control' }, { key: 'y' }], ...more });
  edge.payload = {
    ...payload,
    features: {
      ...payload.features,
      button: { defaultValue: 'd', rules: [rule({ key: 'button-test', phase: 'p1' })] },
      unnamed: { defaultValue: 'd', rules: [rule({})] },
      elsewhere: { defaultValue: 'd', rules: [rule({ condition: { country: 'FR' } })] },
      needs: { defaultValue: 'd', rules: [{ force: 'f', parentConditions: [{ id: 'unnamed', condition: { value: 'y' } }] }] },
    },
  };
  await page.goto(site.origin + '/slow');
  const values = () => page.evaluate(() => ['button', 'nav', 'elsewhere', 'needs'].map((key) => BeaconFlags.get(key, 'fallback')));
  assert.deepEqual(await values(), ['y', true, 'd', 'f']);
  assert.deepEqual(await values(), ['y', true, 'd', 'f']);
  await page.evaluate(() => BeaconExperiments.trackConversion('button-test', 'order'));
  await flush(page);
  assert.deepEqual(exposures(), [['button-test', 'y', 'p1']]);
  assert.deepEqual(kinds('conversion').map((e) => [e.experiment_id, e.variant_id, e.phase]), [['button-test', 'y', 'p1']]);
  assert.equal(await page.evaluate(() => BeaconFlags.isOn('unnamed')), true);
  await page.reload();
  await values();
  await flush(page);
  assert.deepEqual(exposures(), [['button-test', 'y', 'p1'], ['unnamed', 'y', undefined]]);
}));

test('a redirect that does not happen exposes nobody', () => visit(async (page) => {
  const move = (url) => ({ variations: [{}, { urlRedirect: url }], urlPatterns: [{ type: 'simple', pattern: '/' }] });
  for (const url of [site.origin + '/?lp=v3', 'mailto:somebody@shop.example']) {
    edge.payload = { ...payload, experiments: [twoVariants('move', move(url))] };
    await page.goto(site.origin + '/');
    await page.waitForTimeout(200);
    await flush(page);
    assert.equal(page.url(), site.origin + '/');
    assert.deepEqual(exposures(), []);
  }
  edge.payload = { ...payload, experiments: [twoVariants('move', { ...move(site.origin + '/slow'), weights: [1, 0] })] };
  await page.goto(site.origin + '/elsewhere');
  await page.context().clearCookies();
  await page.evaluate(() => localStorage.clear());
  await page.goto(site.origin + '/');
  await flush(page);
  assert.deepEqual(exposures(), [['move', 'control', '0']]);
}));

test('a forced variant lasts as long as the tab, marks only its experiment, and can be ended', () => visit(async (page) => {
  edge.payload = { ...payload, experiments: [payload.experiments[0], twoVariants('other')] };
  const both = titled('other');
  const at = async (path) => {
    await page.goto(site.origin + path);
    return page.title();
  };
  assert.equal(await at('/?beacon_force=hero:control,other:control'), 'control A');
  assert.equal(await at('/?beacon_force=other:'), 'control A');
  await page.evaluate(both);
  assert.equal(await page.title(), 'other b');
  await page.evaluate(() => (BeaconExperiments.trackConversion('hero', 'signup'), BeaconExperiments.trackConversion('other', 'signup')));
  await flush(page);
  await until(() => kinds('conversion').length === 2, 'both conversions');
  const marks = Object.fromEntries([...kinds('conversion'), ...kinds('exposure')].map((e) => [e.type + ' ' + e.experiment_id, e.marks]));
  assert.deepEqual(marks, {
    'conversion hero': ['forced'], 'exposure hero': ['forced'], 'conversion other': undefined, 'exposure other': undefined,
  });
  assert.ok(kinds('pageview').every((e) => !e.marks));
  // Another tab of the same visitor is not forced.
  const tab = await page.context().newPage();
  await tab.goto(site.origin + '/');
  assert.equal(await tab.title(), 'b B');
  await tab.close();
  assert.equal(await at('/'), 'control A');
  assert.equal(await at('/?beacon_force=hero:'), 'b B');
  assert.equal(await at('/?beacon_force=hero:control'), 'control A');
  assert.equal(await at('/?beacon_force='), 'b B');
  assert.equal(await at('/'), 'b B');
}));

test('a forced exposure does not take the place of the real one', () => visit(async (page) => {
  await page.goto(site.origin + '/?beacon_force=hero:b');
  await until(() => kinds('exposure').length, 'the forced exposure');
  await page.goto(site.origin + '/?beacon_force=');
  await until(() => kinds('exposure').some((e) => !e.marks), 'the real exposure');
}));

test('who may not be measured can still look at a forced variant', () => visit(async (page) => {
  await page.goto(site.origin + '/?beacon_force=hero:b');
  assert.equal(await page.title(), 'b B');
  await page.waitForTimeout(200);
  assert.deepEqual(edge.posts, []);
}, (page) => page.addInitScript(() => Object.defineProperty(navigator, 'globalPrivacyControl', { get: () => true }))));

for (const key of ['constructor', '__proto__', 'toString']) {
  test(`an experiment and an event called ${key} are like any others`, () => visit(async (page) => {
    edge.payload = { ...payload, experiments: [twoVariants(key)] };
    await page.goto(site.origin + '/slow');
    assert.equal(await page.evaluate((key) => BeaconExperiments.activate(key).then((v) => v.variant_id), key), 'b');
    await page.evaluate((name) => (Beacon.trackEvent({ name }), Beacon.trackEvent({ name }), Beacon.flush()), key);
    await until(() => kinds('exposure').length, 'the exposure');
    assert.deepEqual(await page.evaluate((key) => Object.entries(JSON.parse(localStorage.beacon_did)).find(([name]) => name === key), key), [key, 2]);
    assert.deepEqual(kinds('exposure').map((e) => e.marks), [undefined]);
  }));
}
