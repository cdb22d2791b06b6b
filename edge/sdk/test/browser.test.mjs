import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const skip = existsSync(CHROMIUM) ? false : 'there is no Chromium';
const script = readFileSync(new URL('../dist/beacon.js', import.meta.url));
const payload = {
  features: { nav: { defaultValue: false, rules: [{ force: true, coverage: 1, hashVersion: 2 }] } },
  experiments: [{
    key: 'hero', status: 'running', variations: [{ h: 'A' }, { h: 'B' }], weights: [0, 1], coverage: 1,
    hashAttribute: 'id', hashVersion: 2, seed: 'hero', phase: '0', meta: [{ key: 'control' }, { key: 'b' }], autoActivate: true,
  }],
};
/** What one page has instead, when a test says so. */
let special = null;
const twoVariants = (key, more) => ({
  ...payload.experiments[0], key, seed: key, weights: [0, 1], autoActivate: true, ...more,
});
const titled = (key) => `BeaconExperiments.defineExperimentBehaviors([{id:'${key}', variants:['control','b'].map((id) => (
  {id, activate(c){document.title='${key} '+id}}))}]);`;
const behaviour = `BeaconExperiments.defineExperimentBehaviors([{id:'hero', autoActivate:true, variants:[
  {id:'control', activate(c){document.title='control '+c.h}},
  {id:'b', activate(c){document.title='b '+c.h; throw new Error('the site is broken')}}]}]);`;
const pages = {
  '/': `<script src="/beacon.js?site=s1" data-batch-timeout="50" data-debug></script><script>${behaviour}</script>`,
  '/fetched': `<script>for(const n of ['Beacon','BeaconExperiments'])window[n]={q:[]};
    Beacon.q.push(['init',[{siteId:'s1',batchTimeout:50,debug:true}]]);Beacon.q.push(['trackEvent',[{name:'early',value:'7'}]]);</script>
    <script src="/beacon.js" defer></script>`,
  '/consent': `<script src="/beacon.js?site=s1" data-require-consent="true" data-batch-timeout="50"></script><script>${behaviour}</script>`,
  '/bare': `<script src="/beacon.js"></script>`,
  '/slow': `<script src="/beacon.js?site=s1" data-batch-timeout="60000"></script>`,
};

let server, browser, origin, batches, down, definitions;

before(async () => {
  if (skip) return;
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://x');
    if (pathname === '/beacon.js') {
      const site = searchParams.get('site');
      response.setHeader('content-type', 'text/javascript');
      const inlined = { site, payload: special || payload, attributes: { country: 'DE', device: 'desktop' } };
      return response.end((site ? `window.__beacon=${JSON.stringify(inlined)};\n` : '') + script);
    }
    if (pathname.startsWith('/api/features/')) {
      definitions++;
      return response.end(JSON.stringify(special || payload));
    }
    if (pathname === '/api/events/batch') {
      let body = '';
      request.on('data', (d) => (body += d)).on('end', () => {
        response.statusCode = down ? 503 : 200;
        if (!down) batches.push(JSON.parse(body));
        response.end('{}');
      });
      return;
    }
    response.setHeader('content-type', 'text/html');
    response.end(pages[pathname] || '<p>other</p>');
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

const events = () => batches.flatMap((b) => b.events);
const kinds = (type) => events().filter((e) => e.type === type);

async function until(met, what) {
  for (let i = 0; i < 100; i++) {
    if (met()) return;
    await new Promise((r) => setTimeout(r, 50));
  }
  assert.fail(`${what}: ${JSON.stringify(batches)}`);
}

/** A fresh visitor; an exception on the page fails the test. */
async function visit(run, setup = () => {}) {
  batches = [];
  down = false;
  definitions = 0;
  special = null;
  const context = await browser.newContext();
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (e) => errors.push(String(e)));
  try {
    await setup(page);
    await run(page);
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
  }
}

test('the tag alone counts the page, applies the variant and exposes once', { skip }, () => visit(async (page) => {
  await page.goto(origin + '/?utm_source=mail#part');
  assert.equal(await page.title(), 'b B');
  await page.evaluate(() => BeaconExperiments.trackConversion('hero', 'signup', 9.5, { plan: 'pro' }));
  await until(() => kinds('conversion').length, 'a conversion');
  const [view] = kinds('pageview');
  assert.equal(view.url, origin + '/?utm_source=mail');
  assert.equal(view.path, '/');
  assert.equal(view.utm_source, 'mail');
  assert.match(view.event_id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const [exposure] = kinds('exposure');
  assert.equal(exposure.experiment_id, 'hero');
  assert.equal(exposure.variant_id, 'b');
  assert.equal(exposure.visitor_id, view.visitor_id);
  const [conversion] = kinds('conversion');
  assert.deepEqual([conversion.name, conversion.value, conversion.variant_id, conversion.props.plan], ['signup', 9.5, 'b', 'pro']);
  assert.deepEqual([batches[0].site_id, batches[0].webdriver], ['s1', true]);
  assert.ok((await page.context().cookies()).some((c) => c.name === 'beacon_id' && c.sameSite === 'Lax'));
  await page.reload();
  await until(() => kinds('pageview').length === 2, 'the second page view');
  await page.waitForTimeout(200);
  assert.equal(kinds('exposure').length, 1);
  assert.equal(kinds('pageview')[1].visitor_id, view.visitor_id);
  assert.equal(definitions, 0);
}));

test('queued calls are replayed, definitions are fetched once, a lookup exposes nobody', { skip }, () => visit(async (page) => {
  await page.goto(origin + '/fetched');
  await until(() => kinds('event').length, 'the queued event');
  assert.deepEqual([kinds('event')[0].name, kinds('event')[0].value], ['early', 7]);
  assert.deepEqual(await page.evaluate(() => BeaconExperiments.getVariant('hero')), { variant_id: 'b', config: { h: 'B' } });
  assert.equal(await page.evaluate(() => BeaconExperiments.isInVariant('hero', 'b')), true);
  assert.equal(await page.evaluate(() => BeaconFlags.isOn('nav')), true);
  await page.evaluate(() => Beacon.flush());
  assert.equal(kinds('exposure').length, 0);
  assert.equal(definitions, 1);
  await page.evaluate(behaviour);
  await until(() => kinds('exposure').length === 1, 'the exposure');
}));

test('without consent nothing is stored or sent, and the control is shown', { skip }, () => visit(async (page) => {
  await page.goto(origin + '/consent');
  assert.equal(await page.title(), 'control A');
  await page.evaluate(() => Beacon.trackEvent({ name: 'x' }));
  await page.waitForTimeout(200);
  const kept = () => page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length]);
  assert.deepEqual([batches, await kept()], [[], ['', 0, 0]]);
  await page.evaluate(() => Beacon.setConsent(true));
  await until(() => kinds('pageview').length === 1, 'the page view after consent');
  assert.equal(kinds('exposure').length, 0);
  await page.evaluate(() => Beacon.setConsent(false));
  assert.deepEqual(await kept(), ['', 0, 0]);
}));

for (const [signal, value] of [['doNotTrack', '1'], ['globalPrivacyControl', true]]) {
  test(`${signal} counts as a no`, { skip }, () => visit(async (page) => {
    await page.goto(origin + '/');
    assert.equal(await page.title(), 'control A');
    await page.waitForTimeout(200);
    assert.deepEqual([batches, await page.evaluate(() => localStorage.length + document.cookie)], [[], '0']);
  }, (page) => page.addInitScript(([k, v]) => Object.defineProperty(navigator, k, { get: () => v }), [signal, value])));
}

test('a failed batch survives a reload and arrives with the same id', { skip }, () => visit(async (page) => {
  await page.goto(origin + '/slow');
  await until(() => kinds('pageview').length, 'the page view');
  down = true;
  await page.evaluate(() => (Beacon.trackEvent({ name: 'kept' }), Beacon.flush()));
  const id = await page.evaluate(() => JSON.parse(localStorage.beacon_queue)[0].event_id);
  down = false;
  await page.reload();
  await until(() => kinds('event').length, 'the kept event');
  assert.equal(kinds('event')[0].event_id, id);
  await until(() => kinds('pageview').length === 2, 'the second page view');
  assert.equal(await page.evaluate(() => Beacon.flush().then(() => localStorage.beacon_queue)), '[]');
}));

test('leaving the page sends what is queued', { skip }, () => visit(async (page) => {
  await page.goto(origin + '/slow');
  await page.evaluate(() => Beacon.trackEvent({ name: 'last words' }));
  await page.goto(origin + '/elsewhere');
  await until(() => kinds('event').length === 1, 'the last event');
}));

test('single-page navigation counts; a second init and blocked storage do no harm', { skip }, () => visit(async (page) => {
  await page.goto(origin + '/slow');
  await page.evaluate(() => {
    Beacon.init({ siteId: 'other' });
    history.pushState({}, '', '/next');
    history.replaceState({}, '', '/next#same');
  });
  await until(() => kinds('pageview').length === 2, 'the page view of the route');
  assert.equal(kinds('pageview')[1].path, '/next');
  assert.equal(kinds('pageview')[1].referrer, origin + '/slow');
}, (page) => page.addInitScript(() => {
  Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked'); } });
})));

test('calls before init warn once, answer harmlessly and send nothing', { skip }, () => visit(async (page) => {
  const warnings = [];
  page.on('console', (m) => m.type() === 'warning' && warnings.push(m.text()));
  await page.goto(origin + '/bare');
  const answers = await page.evaluate(() => Promise.all([
    Beacon.trackEvent({ name: 'x' }), Beacon.trackEvent({ name: 'x' }), BeaconExperiments.getVariant('hero'), BeaconFlags.get('nav', 3),
  ]));
  assert.deepEqual(answers, [undefined, undefined, null, 3]);
  assert.equal(warnings.filter((w) => w.includes('Beacon.trackEvent')).length, 1);
  await page.evaluate(() => Beacon.flush());
  assert.deepEqual(batches, []);
}));

test('a forced variant marks its events', { skip }, () => visit(async (page) => {
  await page.goto(origin + '/?beacon_force=hero:control');
  assert.equal(await page.title(), 'control A');
  await until(() => kinds('exposure').length, 'the exposure');
  for (const e of events()) assert.deepEqual(e.marks, ['forced']);
  assert.equal(await page.evaluate(() => localStorage.beacon_exposed), undefined);
}));

/** The variant that this visitor has, or null. */
const entered = (page, key) => page.evaluate((key) => BeaconExperiments.getVariant(key).then((v) => v && v.variant_id), key);

test('experiments with conditions, segments and prerequisites are entered by whom they are for', { skip }, () => visit(async (page) => {
  const condition = (c) => ({ condition: c });
  special = {
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
  await page.goto(origin + '/slow?utm_source=mail');
  const seen = {};
  for (const { key } of special.experiments) seen[key] = await entered(page, key);
  assert.deepEqual(seen, {
    here: 'b', elsewhere: null, segment: 'b', outside: null, gated: 'b', shut: null, page: 'b', 'other page': null, spaces: 'b', 'no space': null,
  });
  await page.evaluate(titled('here') + titled('elsewhere'));
  await page.evaluate(() => Beacon.flush());
  assert.equal(await page.title(), 'here b');
  assert.deepEqual(kinds('exposure').map((e) => [e.experiment_id, e.variant_id]), [['here', 'b']]);
}));

test('an assignment stays when weights and conditions change, until the next phase', { skip }, () => visit(async (page) => {
  const offer = (more) => (special = { ...payload, experiments: [twoVariants('hero', more)] });
  const shown = async () => {
    await page.goto(origin + '/slow');
    return entered(page, 'hero');
  };
  offer({});
  assert.equal(await shown(), 'b');
  offer({ weights: [1, 0], condition: { country: 'FR' }, coverage: 0 });
  assert.equal(await shown(), 'b');
  offer({ weights: [1, 0], phase: '1' });
  assert.equal(await shown(), 'control');
  offer({ weights: [0, 1], phase: '2', condition: { country: 'FR' } });
  assert.equal(await shown(), null);
}));

test('conditions can ask what the visitor did before', { skip }, () => visit(async (page) => {
  special = {
    ...payload,
    features: {
      returning: { defaultValue: false, rules: [{ force: true, condition: { visits: 1, pageviews: { $gte: 2 }, daysSinceFirstVisit: 0 } }] },
      buyer: { defaultValue: 'no', rules: [{ force: 'yes', condition: { 'did.purchase': { $gte: 2 } } }] },
    },
  };
  await page.goto(origin + '/slow');
  const flags = () => page.evaluate(() => [BeaconFlags.isOn('returning'), BeaconFlags.get('buyer', '')]);
  assert.deepEqual(await flags(), [false, 'no']);
  await page.evaluate(() => [1, 2].forEach(() => Beacon.trackEvent({ name: 'purchase' })));
  assert.deepEqual(await flags(), [false, 'yes']);
  await page.reload();
  assert.deepEqual(await flags(), [true, 'yes']);
  await page.evaluate(() => Beacon.reset());
  assert.deepEqual(await flags(), [false, 'no']);
}));

test('a redirect leads there once, with the query, and counts', { skip }, () => visit(async (page) => {
  const target = origin + '/slow';
  special = {
    ...payload,
    experiments: [twoVariants('move', {
      variations: [{}, { urlRedirect: target }], urlPatterns: [{ type: 'simple', pattern: '/' }], persistQueryString: true,
    })],
  };
  await page.goto(origin + '/?utm_source=mail');
  await page.waitForURL(target + '?utm_source=mail');
  await page.evaluate(() => BeaconExperiments.trackConversion('move', 'signup'));
  await page.evaluate(() => Beacon.flush());
  await until(() => kinds('conversion').length && kinds('exposure').length, 'the exposure and the conversion');
  // The first page did not hear whether its event arrived: it may be sent again, under the same id.
  const once = new Map([...kinds('exposure'), ...kinds('conversion')].map((e) => [e.event_id, e]));
  const who = [...once.values()].map((e) => [e.type, e.experiment_id, e.variant_id]);
  assert.deepEqual(who, [['exposure', 'move', 'b'], ['conversion', 'move', 'b']]);
}));

test('a visitor who cannot be recognised again is not redirected', { skip }, () => visit(async (page) => {
  special = {
    ...payload,
    experiments: [twoVariants('move', { variations: [{}, { urlRedirect: origin + '/slow' }], urlPatterns: [{ type: 'simple', pattern: '/' }] })],
  };
  await page.goto(origin + '/');
  await page.waitForTimeout(300);
  assert.equal(page.url(), origin + '/');
  assert.deepEqual(batches, []);
}, (page) => page.addInitScript(() => Object.defineProperty(navigator, 'doNotTrack', { get: () => '1' }))));

test('a variant forced by the address is shown, but does not count', { skip }, () => visit(async (page) => {
  special = { ...payload, experiments: [twoVariants('hero', {})] };
  await page.goto(origin + '/slow?hero=0');
  assert.equal(await entered(page, 'hero'), 'control');
  await page.evaluate(titled('hero'));
  assert.equal(await page.title(), 'hero control');
  await page.evaluate(() => Beacon.flush());
  assert.deepEqual(kinds('exposure'), []);
}));

test('broken definitions break nothing', { skip }, () => visit(async (page) => {
  special = { features: { f: { rules: [null] }, g: { defaultValue: 7 } }, experiments: [{ key: 'x' }, twoVariants('hero', { condition: 5 })] };
  await page.goto(origin + '/');
  assert.equal(await entered(page, 'hero'), null);
  assert.equal(await entered(page, 'x'), null);
  assert.deepEqual(await page.evaluate(() => [BeaconFlags.get('f', 'fallback'), BeaconFlags.get('g', 0)]), ['fallback', 7]);
  await until(() => kinds('pageview').length, 'the page view');
}));
