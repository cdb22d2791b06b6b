import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hash } from '../dist/evaluator.mjs';
import { behaviour, edge, entered, events, kinds, payload, site, titled, twoVariants, until, visit } from '../browser/site.mjs';

test('the tag alone counts the page, applies the variant and exposes once', () => visit(async (page) => {
  await page.goto(site.origin + '/?utm_source=mail#part');
  assert.equal(await page.title(), 'b B');
  await page.evaluate(() => BeaconExperiments.trackConversion('hero', 'signup', 9.5, { plan: 'pro' }));
  await until(() => kinds('conversion').length, 'a conversion');
  const [view] = kinds('pageview');
  assert.equal(view.url, site.origin + '/?utm_source=mail');
  assert.equal(view.path, '/');
  assert.equal(view.utm_source, 'mail');
  assert.match(view.event_id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const [exposure] = kinds('exposure');
  assert.equal(exposure.experiment_id, 'hero');
  assert.equal(exposure.variant_id, 'b');
  assert.equal(exposure.visitor_id, view.visitor_id);
  const [conversion] = kinds('conversion');
  assert.deepEqual([conversion.name, conversion.value, conversion.variant_id, conversion.props.plan], ['signup', 9.5, 'b', 'pro']);
  assert.deepEqual([edge.batches[0].site_id, edge.batches[0].webdriver], ['s1', true]);
  assert.ok((await page.context().cookies()).some((c) => c.name === 'beacon_id' && c.sameSite === 'Lax'));
  await page.reload();
  await until(() => kinds('pageview').length === 2, 'the second page view');
  await page.waitForTimeout(200);
  assert.equal(kinds('exposure').length, 1);
  assert.equal(kinds('pageview')[1].visitor_id, view.visitor_id);
  assert.equal(edge.definitions, 0);
}));

test('queued calls are replayed, definitions are fetched once, a lookup exposes nobody', () => visit(async (page) => {
  await page.goto(site.origin + '/fetched');
  await until(() => kinds('event').length, 'the queued event');
  assert.deepEqual([kinds('event')[0].name, kinds('event')[0].value], ['early', 7]);
  assert.deepEqual(await page.evaluate(() => BeaconExperiments.getVariant('hero')), { variant_id: 'b', config: { h: 'B' } });
  assert.equal(await page.evaluate(() => BeaconExperiments.isInVariant('hero', 'b')), true);
  assert.equal(await page.evaluate(() => BeaconFlags.isOn('nav')), true);
  await page.evaluate(() => Beacon.flush());
  assert.equal(kinds('exposure').length, 0);
  assert.equal(edge.definitions, 1);
  await page.evaluate(behaviour);
  await until(() => kinds('exposure').length === 1, 'the exposure');
}));

test('without consent nothing is stored or sent, and the control is shown', () => visit(async (page) => {
  await page.goto(site.origin + '/consent');
  assert.equal(await page.title(), 'control A');
  await page.evaluate(() => Beacon.trackEvent({ name: 'x' }));
  await page.waitForTimeout(200);
  const kept = () => page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length]);
  assert.deepEqual([edge.batches, await kept()], [[], ['', 0, 0]]);
  await page.evaluate(() => Beacon.setConsent(true));
  await until(() => kinds('pageview').length === 1, 'the page view after consent');
  assert.equal(kinds('exposure').length, 0);
  await page.evaluate(() => Beacon.setConsent(false));
  assert.deepEqual(await kept(), ['', 0, 0]);
}));

for (const [signal, value] of [['doNotTrack', '1'], ['globalPrivacyControl', true]]) {
  test(`${signal} counts as a no`, () => visit(async (page) => {
    await page.goto(site.origin + '/');
    assert.equal(await page.title(), 'control A');
    await page.waitForTimeout(200);
    assert.deepEqual([edge.batches, await page.evaluate(() => localStorage.length + document.cookie)], [[], '0']);
  }, (page) => page.addInitScript(([k, v]) => Object.defineProperty(navigator, k, { get: () => v }), [signal, value])));
}

test('a failed batch survives a reload and arrives with the same id', () => visit(async (page) => {
  await page.goto(site.origin + '/slow');
  await until(() => kinds('pageview').length, 'the page view');
  edge.answer = () => ({ status: 503 });
  await page.evaluate(() => (Beacon.trackEvent({ name: 'kept' }), Beacon.flush()));
  const id = await page.evaluate(() => JSON.parse(localStorage.beacon_queue)[0].event_id);
  edge.answer = () => ({});
  await page.reload();
  await until(() => kinds('event').length, 'the kept event');
  assert.equal(kinds('event')[0].event_id, id);
  await until(() => kinds('pageview').length === 2, 'the second page view');
  assert.equal(await page.evaluate(() => Beacon.flush().then(() => localStorage.beacon_queue)), '[]');
}));

test('leaving the page sends what is queued', () => visit(async (page) => {
  await page.goto(site.origin + '/slow');
  await page.evaluate(() => Beacon.trackEvent({ name: 'last words' }));
  await page.goto(site.origin + '/elsewhere');
  await until(() => kinds('event').length === 1, 'the last event');
}));

test('single-page navigation counts; a second init and blocked storage do no harm', () => visit(async (page) => {
  await page.goto(site.origin + '/slow');
  await page.evaluate(() => {
    Beacon.init({ siteId: 'other' });
    history.pushState({}, '', '/next');
    history.replaceState({}, '', '/next#same');
  });
  await until(() => kinds('pageview').length === 2, 'the page view of the route');
  assert.equal(kinds('pageview')[1].path, '/next');
  assert.equal(kinds('pageview')[1].referrer, site.origin + '/slow');
}, (page) => page.addInitScript(() => {
  Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked'); } });
})));

test('calls before init warn once, answer harmlessly and send nothing', () => visit(async (page) => {
  const warnings = [];
  page.on('console', (m) => m.type() === 'warning' && warnings.push(m.text()));
  await page.goto(site.origin + '/bare');
  const answers = await page.evaluate(() => Promise.all([
    Beacon.trackEvent({ name: 'x' }), Beacon.trackEvent({ name: 'x' }), BeaconExperiments.getVariant('hero'), BeaconFlags.get('nav', 3),
  ]));
  assert.deepEqual(answers, [undefined, undefined, null, 3]);
  assert.equal(warnings.filter((w) => w.includes('Beacon.trackEvent')).length, 1);
  await page.evaluate(() => Beacon.flush());
  assert.deepEqual(edge.batches, []);
}));

test('experiments with conditions, segments and prerequisites are entered by whom they are for', () => visit(async (page) => {
  const condition = (c) => ({ condition: c });
  edge.payload = {
    ...payload,
    savedGroups: { germans: ['DE', 'AT'], others: ['FR'] },
    features: { ...payload.features, gate: { defaultValue: false, rules: [{ force: true, condition: { device: 'desktop' } }] } },
    experiments: [
      twoVariants('here', condition({ country: 'DE', path: { $regex: '^/slow' }, 'utm.source': 'mail', referrer: '' })),
      twoVariants('elsewhere', condition({ country: { $nin: ['DE'] } })),
      twoVariants('segment', condition({ country: { $inGroup: 'germans' } })),
      twoVariants('outside', condition({ country: { $inGroup: 'others' } })),
      twoVariants('gated', { parentConditions: [{ id: 'gate', condition: { value: true } }] }),
      twoVariants('shut', { parentConditions: [{ id: 'nav', condition: { value: 'never' } }] }),
      twoVariants('page', { urlPatterns: [{ type: 'simple', pattern: '/slow?utm_source=mail' }] }),
      twoVariants('other page', { urlPatterns: [{ type: 'simple', pattern: '/fetched' }] }),
      twoVariants('spaces', { namespace: ['n', 0, 1] }),
      twoVariants('no space', { namespace: ['n', 0, 0] }),
    ],
  };
  await page.goto(site.origin + '/slow?utm_source=mail');
  const seen = {};
  for (const { key } of edge.payload.experiments) seen[key] = await entered(page, key);
  assert.deepEqual(seen, {
    here: 'b', elsewhere: null, segment: 'b', outside: null, gated: 'b', shut: null, page: 'b', 'other page': null, spaces: 'b', 'no space': null,
  });
  await page.evaluate(titled('here') + titled('elsewhere'));
  await page.evaluate(() => Beacon.flush());
  assert.equal(await page.title(), 'here b');
  assert.deepEqual(kinds('exposure').map((e) => [e.experiment_id, e.variant_id]), [['here', 'b']]);
}));

test('an assignment stays when weights and conditions change, until a new phase with a new seed', () => visit(async (page) => {
  const offer = (more) => (edge.payload = { ...payload, experiments: [twoVariants('hero', { weights: [0.5, 0.5], ...more })] });
  const shown = async () => {
    await page.goto(site.origin + '/slow');
    return entered(page, 'hero');
  };
  await shown();
  const id = (await page.context().cookies()).find((c) => c.name === 'beacon_id').value;
  /** A seed with which this visitor falls into the first half, or into the second. */
  const seed = (half) => Array.from({ length: 100 }, (_, i) => `seed ${i}`).find((s) => Math.floor(hash(s, id, 2) * 2) === half);
  offer({ phase: 'p1', seed: seed(1) });
  assert.equal(await shown(), 'b');
  offer({ phase: 'p1', seed: seed(1), weights: [1, 0], condition: { country: 'FR' }, coverage: 0 });
  assert.equal(await shown(), 'b');
  offer({ phase: 'p2', seed: seed(0) });
  assert.equal(await shown(), 'control');
  // Visitors are kept when the definition says that the buckets are the same.
  offer({ phase: 'p3', seed: seed(1), bucketVersion: 'p2' });
  assert.equal(await shown(), 'control');
  offer({ phase: 'p4', seed: seed(1), condition: { country: 'FR' } });
  assert.equal(await shown(), null);
}));

test('conditions can ask what the visitor did before', () => visit(async (page) => {
  edge.payload = {
    ...payload,
    features: {
      returning: { defaultValue: false, rules: [{ force: true, condition: { visits: 1, pageviews: { $gte: 2 }, daysSinceFirstVisit: 0 } }] },
      buyer: { defaultValue: 'no', rules: [{ force: 'yes', condition: { 'did.purchase': { $gte: 2 } } }] },
    },
  };
  await page.goto(site.origin + '/slow');
  const flags = () => page.evaluate(() => [BeaconFlags.isOn('returning'), BeaconFlags.get('buyer', '')]);
  assert.deepEqual(await flags(), [false, 'no']);
  await page.evaluate(() => [1, 2].forEach(() => Beacon.trackEvent({ name: 'purchase' })));
  assert.deepEqual(await flags(), [false, 'yes']);
  await page.reload();
  assert.deepEqual(await flags(), [true, 'yes']);
  await page.evaluate(() => Beacon.reset());
  assert.deepEqual(await flags(), [false, 'no']);
}));

test('a redirect leads there once, with the query, and counts', () => visit(async (page) => {
  const target = site.origin + '/slow';
  edge.payload = {
    ...payload,
    experiments: [twoVariants('move', {
      variations: [{}, { urlRedirect: target }], urlPatterns: [{ type: 'simple', pattern: '/' }], persistQueryString: true,
    })],
  };
  await page.goto(site.origin + '/?utm_source=mail');
  await page.waitForURL(target + '?utm_source=mail');
  await page.evaluate(() => BeaconExperiments.trackConversion('move', 'signup'));
  await page.evaluate(() => Beacon.flush());
  await until(() => kinds('conversion').length && kinds('exposure').length, 'the exposure and the conversion');
  // The first page did not hear whether its event arrived: it may be sent again, under the same id.
  const once = new Map([...kinds('exposure'), ...kinds('conversion')].map((e) => [e.event_id, e]));
  const who = [...once.values()].map((e) => [e.type, e.experiment_id, e.variant_id]);
  assert.deepEqual(who, [['exposure', 'move', 'b'], ['conversion', 'move', 'b']]);
}));

test('a visitor who cannot be recognised again is not redirected', () => visit(async (page) => {
  edge.payload = {
    ...payload,
    experiments: [twoVariants('move', { variations: [{}, { urlRedirect: site.origin + '/slow' }], urlPatterns: [{ type: 'simple', pattern: '/' }] })],
  };
  await page.goto(site.origin + '/');
  await page.waitForTimeout(300);
  assert.equal(page.url(), site.origin + '/');
  assert.deepEqual(edge.batches, []);
}, (page) => page.addInitScript(() => Object.defineProperty(navigator, 'doNotTrack', { get: () => '1' }))));

test('a variant forced by the address is shown, but does not count', () => visit(async (page) => {
  edge.payload = { ...payload, experiments: [twoVariants('hero', {})] };
  await page.goto(site.origin + '/slow?hero=0');
  assert.equal(await entered(page, 'hero'), 'control');
  await page.evaluate(titled('hero'));
  assert.equal(await page.title(), 'hero control');
  await page.evaluate(() => Beacon.flush());
  assert.deepEqual(kinds('exposure'), []);
}));

test('broken definitions break nothing', () => visit(async (page) => {
  edge.payload = { features: { f: { rules: [null] }, g: { defaultValue: 7 } }, experiments: [{ key: 'x' }, twoVariants('hero', { condition: 5 })] };
  await page.goto(site.origin + '/');
  assert.equal(await entered(page, 'hero'), null);
  assert.equal(await entered(page, 'x'), null);
  assert.deepEqual(await page.evaluate(() => [BeaconFlags.get('f', 'fallback'), BeaconFlags.get('g', 0)]), ['fallback', 7]);
  await until(() => kinds('pageview').length, 'the page view');
}));
