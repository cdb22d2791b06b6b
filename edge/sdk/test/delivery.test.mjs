// Delivery of events: refusals, failures, limits and lateness, with page and edge on two origins.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edge, events, kinds, kindsSent, site, until, visit } from '../browser/site.mjs';

const DAY = 86400000;
const named = (name) => (body) => body.events.some((e) => e.name === name);
const stored = (page) => page.evaluate(() => JSON.parse(localStorage.beacon_queue || '[]'));
const convert = (page, name) => page.evaluate((name) => BeaconExperiments.trackConversion('hero', name), name);
const flush = (page) => page.evaluate(() => Beacon.flush());

for (const status of [400, 403, 404, 413, 422]) {
  test(`a batch that is refused with ${status} is sent once and blocks nothing`, () => visit(async (page) => {
    edge.answer = (body) => (named('refused')(body) ? { status } : {});
    await page.goto(site.origin + '/slow');
    await convert(page, 'refused');
    await flush(page);
    await convert(page, 'taken');
    await flush(page);
    await page.reload();
    await page.waitForTimeout(1500);
    assert.equal(edge.posts.filter(({ body }) => named('refused')(body)).length, 1);
    assert.deepEqual(kinds('conversion').map((e) => e.name), ['taken']);
    assert.deepEqual(await stored(page), []);
  }));
}

test('in debug mode, a refusal is said', () => visit(async (page) => {
  const warnings = [];
  page.on('console', (m) => m.type() === 'warning' && warnings.push(m.text()));
  edge.answer = () => ({ status: 404 });
  await page.goto(site.origin + '/');
  await until(() => warnings.includes('[beacon] The collector answered 404'), 'the warning');
}));

test('429 is honoured by everything that is sent, also on the next page', () => visit(async (page) => {
  let isLimited = true;
  edge.answer = () => (isLimited ? { status: 429, headers: { 'retry-after': '3' } } : {});
  await page.goto(site.origin + '/slow');
  await until(() => edge.posts.length === 1, 'the refused page view');
  isLimited = false;
  await convert(page, 'waits');
  await flush(page);
  await page.reload();
  await until(() => kinds('pageview').length === 2 && kinds('conversion').length, 'everything');
  const [first, second] = edge.posts;
  assert.ok(second.at - first.at >= 2900, `${second.at - first.at} ms`);
}));

test('500 is tried again', () => visit(async (page) => {
  edge.answer = () => (edge.posts.length ? {} : { status: 500 });
  await page.goto(site.origin + '/slow');
  await until(() => kinds('pageview').length === 1, 'the page view');
  const sent = kindsSent('pageview');
  assert.deepEqual(sent.map((e) => e.event_id), [sent[0].event_id, sent[0].event_id]);
  assert.ok(sent.every((e) => !('failures' in e)));
}));

test('a batch whose answer cannot be read goes last, in smaller parts, and keeps nobody waiting', () => visit(async (page) => {
  edge.answer = (body) => (named('poison')(body) ? { status: 403, hasCors: false } : {});
  await page.goto(site.origin + '/slow');
  await convert(page, 'before');
  await convert(page, 'poison');
  await convert(page, 'behind');
  await flush(page);
  await until(() => kinds('conversion').length === 2, 'the others');
  assert.deepEqual(kinds('conversion').map((e) => e.name).sort(), ['before', 'behind']);
  await convert(page, 'later');
  await flush(page);
  await until(() => kinds('conversion').length === 3, 'a later one');
  assert.deepEqual((await stored(page)).map((e) => e.name), ['poison']);
}));

test('an event that failed ten times is dropped once it is a day old', () => visit(async (page) => {
  edge.answer = (body) => (named('poison')(body) ? { status: 403, hasCors: false } : {});
  await page.goto(site.origin + '/slow');
  await convert(page, 'poison');
  await flush(page);
  const age = (failures, days) => page.evaluate(([failures, ago]) => {
    const [event] = JSON.parse(localStorage.beacon_queue);
    localStorage.beacon_queue = JSON.stringify([{ ...event, failures, ts: Date.now() - ago }]);
  }, [failures, days * DAY]);
  const tried = async () => {
    const before = edge.posts.length;
    await page.reload();
    await until(() => edge.posts.slice(before).some(({ body }) => named('poison')(body)), 'another try');
    await page.waitForTimeout(100);
    return (await stored(page)).length;
  };
  await age(20, 0.5);
  assert.equal(await tried(), 1);
  await age(8, 2);
  assert.equal(await tried(), 1);
  assert.equal(await tried(), 0);
}));

test('what was sent in vain arrives at the next page while the batch before it fails', () => visit(async (page) => {
  let isAborting = true;
  edge.answer = (body) => (named('poison')(body) ? { status: 422 } : { isAborted: isAborting && named('second')(body) });
  await page.goto(site.origin + '/slow');
  await page.evaluate(() => BeaconExperiments.trackConversion('hero', 'poison', 1, { t: 'abc\ud83d' }));
  await flush(page);
  await convert(page, 'second');
  await flush(page);
  isAborting = false;
  await page.reload();
  await until(() => kinds('conversion').length === 1, 'the second conversion');
  assert.equal(edge.posts.filter(({ body }) => named('poison')(body)).length, 1);
  assert.ok(edge.posts.every(({ text }) => !/\\ud8/i.test(text)));
}));

test('a batch says when it was sent, however late that is', () => visit(async (page) => {
  await page.goto(site.origin + '/slow');
  await page.context().setOffline(true);
  await convert(page, 'early');
  await flush(page);
  await page.waitForTimeout(1500);
  await page.context().setOffline(false);
  await until(() => kinds('conversion').length, 'the conversion');
  const { body, at } = edge.posts.find(({ body }) => named('early')(body));
  const event = body.events.find((e) => e.name === 'early');
  assert.ok(Math.abs(body.sent_at - at) < 500, `${body.sent_at} at ${at}`);
  assert.ok(body.sent_at - event.ts >= 1400, `${body.sent_at - event.ts} ms`);
  assert.ok(!('failures' in event));
}));

test('being offline is no failure', () => visit(async (page) => {
  await page.goto(site.origin + '/slow');
  await until(() => events().length, 'the page view');
  await page.context().setOffline(true);
  await convert(page, 'kept');
  for (let i = 0; i < 3; i++) await flush(page);
  const [event] = await stored(page);
  assert.deepEqual([event.name, event.failures], ['kept', undefined]);
  await page.context().setOffline(false);
  await until(() => kinds('conversion').length, 'the conversion');
}));

test('leaving the page says when, too', () => visit(async (page) => {
  await page.goto(site.origin + '/slow');
  await page.evaluate(() => Beacon.trackEvent({ name: 'last words' }));
  await page.goto(site.origin + '/elsewhere');
  await until(() => kinds('event').length, 'the last event');
  const { body, at } = edge.posts.find(({ body }) => named('last words')(body));
  assert.ok(Math.abs(body.sent_at - at) < 500);
}));

test('an event can carry an id of the site’s own', () => visit(async (page) => {
  await page.goto(site.origin + '/slow');
  await page.evaluate(() => {
    Beacon.trackEvent({ name: 'order', id: 4711, value: 10 });
    Beacon.trackEvent({ name: 'order', properties: { id: 'no id of the event' } });
    BeaconExperiments.trackConversion('hero', 'order', 10, { order_id: 4712 });
    return Beacon.flush();
  });
  assert.deepEqual(kinds('event').map((e) => [e.id, e.props.id]), [['4711', undefined], [undefined, 'no id of the event']]);
  assert.deepEqual(kinds('conversion').map((e) => [e.id, e.props.order_id]), [[undefined, 4712]]);
}));

test('names and labels that are no texts become texts', () => visit(async (page) => {
  await page.goto(site.origin + '/slow');
  await page.evaluate(() => (Beacon.trackEvent({ name: 404, category: true, label: 7 }), Beacon.flush()));
  assert.deepEqual(kinds('event').map((e) => [e.name, e.category, e.label]), [['404', 'true', '7']]);
}));

test('what JSON cannot say is left out, and the event still goes', () => visit(async (page) => {
  await page.goto(site.origin + '/slow');
  await page.evaluate(() => {
    const circular = { plan: 'pro', list: [1, { a: 2 }], when: new Date(0), no: () => 1 };
    circular.self = circular;
    Object.defineProperty(circular, 'broken', { enumerable: true, get() { throw new Error('a broken getter'); } });
    Beacon.trackEvent({ name: 'order', value: 10, properties: { id: 123n, deep: { n: 2n ** 64n } } });
    BeaconExperiments.trackConversion('hero', 'order', 10, circular);
    Beacon.trackEvent({ name: 'odd', value: circular });
    Beacon.trackEvent({ name: 'big', value: 5n });
    return Beacon.flush();
  });
  const [order, odd, big] = kinds('event');
  const [conversion] = kinds('conversion');
  assert.deepEqual([order.value, order.props], [10, { id: '123', deep: { n: '18446744073709551616' } }]);
  assert.deepEqual([conversion.value, conversion.props], [10, { plan: 'pro', list: [1, { a: 2 }], when: '1970-01-01T00:00:00.000Z' }]);
  assert.deepEqual([odd.value, odd.props, big.value], [undefined, {}, 5]);
}));

test('no half of a surrogate pair is sent, wherever the text was cut', () => visit(async (page) => {
  await page.goto(site.origin + '/slow');
  await page.evaluate(() => {
    document.title = 'x'.repeat(299) + '\ud83d\ude00';
    Beacon.trackPageView();
    Beacon.trackEvent({ name: 'a\ud83d', label: '\ude00b', properties: { text: '\ud83d\ude00 \ud83d', nested: ['\ude00'] } });
    return Beacon.flush();
  });
  await until(() => kinds('event').length && kinds('pageview').length === 2, 'both');
  assert.equal(kinds('pageview')[1].title, 'x'.repeat(299));
  const [{ name, label, props }] = kinds('event');
  assert.deepEqual([name, label, props], ['a', 'b', { text: '😀 ', nested: [''] }]);
}));

test('a reset loses nothing: what happened before it arrives under the old id', () => visit(async (page) => {
  await page.goto(site.origin + '/slow');
  edge.answer = () => ({ status: 503 });
  const id = (await page.context().cookies()).find((c) => c.name === 'beacon_id').value;
  await convert(page, 'stored');
  await flush(page);
  await convert(page, 'pending');
  await page.evaluate(() => (Beacon.reset(), Beacon.trackEvent({ name: 'after' })));
  edge.answer = () => ({});
  await flush(page);
  await until(() => kinds('conversion').length === 2 && kinds('event').length, 'all of it');
  assert.deepEqual(kinds('conversion').map((e) => e.visitor_id), [id, id]);
  assert.notEqual(kinds('event')[0].visitor_id, id);
}));
