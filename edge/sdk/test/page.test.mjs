// Flags and their listeners, recorded addresses, and pages that replace built-ins.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edge, entered, events, kinds, payload, site, titled, twoVariants, until, visit } from '../browser/site.mjs';

const flush = (page) => page.evaluate(() => Beacon.flush());

test('of addresses, only the path and campaigns are recorded', () => visit(async (page) => {
  const secret = 'token=4711&email=a%40b.example';
  await page.goto(site.origin + '/slow?' + secret + '&utm_source=mail&q=shoes#part');
  await page.evaluate((origin) => {
    Beacon.trackPageView({ url: origin + '/next?token=1&utm_campaign=x', referrer: 'https://mail.example/inbox?folder=secret&utm_source=y' });
    history.pushState({}, '', '/route?token=2');
    return Beacon.flush();
  }, site.origin);
  await until(() => kinds('pageview').length === 3, 'the page views');
  assert.deepEqual(kinds('pageview').map((e) => e.url.slice(site.origin.length)), ['/slow?utm_source=mail', '/next?utm_campaign=x', '/route']);
  const referrers = kinds('pageview').map((e) => e.referrer);
  assert.deepEqual(referrers, [undefined, 'https://mail.example/inbox?utm_source=y', site.origin + '/slow?utm_source=mail']);
  assert.ok(edge.posts.every(({ text }) => !/token|email|secret|4711/.test(text)));
}));

test('a site can allow parameters by name', () => visit(async (page) => {
  await page.goto(site.origin + '/parameters?q=shoes&token=1&page=2&utm_term=t');
  await until(() => kinds('pageview').length, 'the page view');
  assert.equal(kinds('pageview')[0].url, site.origin + '/parameters?q=shoes&page=2&utm_term=t');
}));

test('a route in the fragment is recorded without its parameters', () => visit(async (page) => {
  await page.goto(site.origin + '/routes#/reset?token=1');
  await until(() => kinds('pageview').length, 'the page view');
  const [{ url, path }] = kinds('pageview');
  assert.deepEqual([url, path], [site.origin + '/routes#/reset', '/routes#/reset']);
}));

test('asking for flags reads the storage once per turn, writes nothing and prolongs no visit', () => visit(async (page) => {
  edge.payload = { ...payload, features: { visits: { defaultValue: 0, rules: [{ force: 'first', condition: { visits: 1 } }, { force: 'later', condition: { visits: 2 } }] } } };
  await page.goto(site.origin + '/slow');
  await until(() => events().length, 'the page view');
  const use = await page.evaluate(() => {
    const seen = { reads: {}, writes: 0, cookies: 0 };
    const { getItem, setItem } = Storage.prototype;
    Storage.prototype.getItem = function (key) { seen.reads[key] = (seen.reads[key] || 0) + 1; return getItem.call(this, key); };
    Storage.prototype.setItem = function (key, text) { seen.writes++; return setItem.call(this, key, text); };
    const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
    Object.defineProperty(document, 'cookie', { configurable: true, get() { seen.cookies++; return get.call(document); }, set(text) { set.call(document, text); } });
    for (let i = 0; i < 100; i++) BeaconFlags.get('visits', 0);
    delete document.cookie;
    Object.assign(Storage.prototype, { getItem, setItem });
    return seen;
  });
  assert.deepEqual([Math.max(...Object.values(use.reads)), use.writes, use.cookies <= 1], [1, 0, true], JSON.stringify(use));
  const last = () => page.evaluate(() => JSON.parse(localStorage.beacon_session)[1]);
  const before = await last();
  await page.waitForTimeout(20);
  assert.equal(await page.evaluate(() => BeaconFlags.get('visits', 0)), 'first');
  assert.equal(await last(), before);
  // The last event is more than half an hour ago: the next one would begin another visit.
  await page.evaluate(() => {
    const session = JSON.parse(localStorage.beacon_session);
    session[1] -= 1800001;
    localStorage.beacon_session = JSON.stringify(session);
  });
  assert.equal(await page.evaluate(() => BeaconFlags.get('visits', 0)), 'later');
  await page.evaluate(() => (Beacon.trackEvent({ name: 'x' }), Beacon.flush()));
  assert.notEqual(kinds('event')[0].session_id, kinds('pageview')[0].session_id);
}));

test('listeners hear of changes and of nothing else', () => visit(async (page) => {
  await page.clock.install();
  const offer = (dateUpdated, value) => (edge.payload = { dateUpdated, features: { f: { defaultValue: value } }, experiments: [] });
  offer('2026-01-01T00:00:00Z', 1);
  await page.goto(site.origin + '/slow');
  await page.evaluate(() => {
    window.calls = [];
    BeaconFlags.onChange(() => { throw new Error('the site is broken'); });
    window.stop = BeaconFlags.onChange(() => window.calls.push(BeaconFlags.get('f', 0)));
  });
  const polled = async () => {
    const before = edge.definitions;
    await page.clock.runFor(30000);
    await until(() => edge.definitions > before, 'a poll');
    await page.evaluate(() => new Promise((done) => queueMicrotask(done)));
    return page.evaluate(() => window.calls);
  };
  assert.deepEqual(await polled(), []);
  offer('2026-01-02T00:00:00Z', 1);
  assert.deepEqual(await polled(), []);
  offer('2026-01-03T00:00:00Z', 2);
  await polled();
  await until(() => page.evaluate(() => window.calls.length), 'the change');
  assert.deepEqual(await page.evaluate(() => window.calls), [2]);
  await page.evaluate(() => window.stop());
  offer('2026-01-04T00:00:00Z', 3);
  assert.deepEqual(await polled(), [2]);
}));

test('listeners hear of new definitions once, however often a flag was read', () => visit(async (page) => {
  await page.goto(site.origin + '/fetched');
  await page.evaluate(() => {
    window.calls = 0;
    BeaconFlags.onChange(() => window.calls++);
    for (let i = 0; i < 5; i++) BeaconFlags.get('nav', false);
  });
  await until(() => page.evaluate(() => BeaconFlags.isOn('nav')), 'the definitions');
  await page.waitForTimeout(100);
  assert.ok(await page.evaluate(() => window.calls) <= 1);
}));

test('listeners hear that the visitor has a name, and only when it is another one', () => visit(async (page) => {
  edge.payload = { features: { f: { defaultValue: false, rules: [{ condition: { user_id: 'u1' }, force: true }] } } };
  await page.goto(site.origin + '/slow');
  const values = await page.evaluate(() => {
    const seen = [];
    BeaconFlags.onChange(() => seen.push(BeaconFlags.isOn('f')));
    Beacon.identify('u1');
    Beacon.identify('u1');
    Beacon.identify(null);
    return seen;
  });
  assert.deepEqual(values, [true, false]);
}));

/** Changes that old libraries and strict pages make to built-ins before anything else runs. */
const hostile = {
  'Array.from that ignores the mapping': () => {
    Array.from = function (x) { let n = x.length || 0; const r = new Array(n); while (n--) r[n] = x[n]; return r; };
  },
  'toJSON on lists, texts and numbers': () => {
    for (const kind of [Array, String, Number]) kind.prototype.toJSON = function () { return '«' + this + '»'; };
  },
  'a reduce of its own': () => {
    Array.prototype.reduce = function () { return this.length > 1 ? this : this[0]; };
  },
  'no URL.canParse': () => {
    delete URL.canParse;
  },
  'a history that cannot be written': () => {
    Object.freeze(history);
  },
  'no storage and no cookies': () => {
    for (const area of ['localStorage', 'sessionStorage']) Object.defineProperty(window, area, { get() { throw new Error('blocked'); } });
    Object.defineProperty(document, 'cookie', { get() { throw new Error('blocked'); }, set() { throw new Error('blocked'); } });
  },
};
for (const [name, make] of Object.entries(hostile)) {
  test(`a page with ${name} counts`, () => visit(async (page) => {
    const elsewhere = { variations: [{}, { urlRedirect: site.origin + '/slow' }], urlPatterns: [{ type: 'simple', pattern: '/elsewhere' }] };
    edge.payload = { ...payload, experiments: [twoVariants('move', elsewhere), twoVariants('hero', {})] };
    await page.goto(site.origin + '/slow');
    await page.evaluate(titled('hero'));
    const isStored = !name.startsWith('no storage');
    assert.equal(await page.title(), isStored ? 'hero b' : 'hero control');
    await page.evaluate(() => Beacon.trackEvent({ name: 'x', properties: { list: ['a', 1] } }));
    await flush(page);
    await until(() => kinds('pageview').length === 1 && kinds('event').length === 1, 'the page view and the event');
    assert.match(kinds('pageview')[0].event_id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual(kinds('event')[0].props, { list: ['a', 1] });
    assert.equal(kinds('exposure').length, isStored ? 1 : 0);
  }, (page) => page.addInitScript(make)));
}
