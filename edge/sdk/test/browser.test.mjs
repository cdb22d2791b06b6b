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
      return response.end((site ? `window.__beacon=${JSON.stringify({ site, payload, attributes: {} })};\n` : '') + script);
    }
    if (pathname.startsWith('/api/features/')) {
      definitions++;
      return response.end(JSON.stringify(payload));
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
