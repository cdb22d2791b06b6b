// A site and an edge on two origins, as on the web, and a visitor in real Chromium.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';

const script = readFileSync(new URL('../dist/beacon.js', import.meta.url));

export const payload = {
  features: { nav: { defaultValue: false, rules: [{ force: true, coverage: 1, hashVersion: 2 }] } },
  experiments: [{
    key: 'hero', status: 'running', variations: [{ h: 'A' }, { h: 'B' }], weights: [0, 1], coverage: 1,
    hashAttribute: 'id', hashVersion: 2, seed: 'hero', phase: '0', meta: [{ key: 'control' }, { key: 'b' }], autoActivate: true,
  }],
};

/** An experiment like `hero`, in which everybody gets `b` unless `more` says something else. */
export const twoVariants = (key, more) => ({ ...payload.experiments[0], key, seed: key, ...more });

/** The code that shows an experiment's variant in the title. */
export const titled = (key) => `BeaconExperiments.defineExperimentBehaviors([{id:'${key}', variants:['control','b'].map((id) => (
  {id, activate(c){document.title='${key} '+id}}))}]);`;

export const behaviour = `BeaconExperiments.defineExperimentBehaviors([{id:'hero', autoActivate:true, variants:[
  {id:'control', activate(c){document.title='control '+c.h}},
  {id:'b', activate(c){document.title='b '+c.h; throw new Error('the site is broken')}}]}]);`;

const pages = {
  '/': () => `${tag('data-batch-timeout="50" data-debug')}<script>${behaviour}</script>`,
  '/fetched': () => `<script>for(const n of ['Beacon','BeaconExperiments'])window[n]={q:[]};
    Beacon.q.push(['init',[{siteId:'s1',batchTimeout:50,debug:true}]]);Beacon.q.push(['trackEvent',[{name:'early',value:'7'}]]);</script>
    <script src="${edge.origin}/beacon.js" defer></script>`,
  '/consent': () => `${tag('data-require-consent="true" data-batch-timeout="50"')}<script>${behaviour}</script>`,
  '/bare': () => `<script src="${edge.origin}/beacon.js"></script>`,
  '/slow': () => tag('data-batch-timeout="60000"'),
  '/parameters': () => tag('data-batch-timeout="50" data-allowed-parameters="q, page"'),
  '/routes': () => tag('data-batch-timeout="50" data-hash-routing'),
};
const tag = (attributes) => `<script src="${edge.origin}/beacon.js?site=s1" ${attributes}></script>`;

/** The edge as a test wants it, and all that reached it. */
export const edge = {
  origin: '',
  /** The batches that the collector took. */
  batches: [],
  /** Every batch that was sent: its body, when, and the answer's status (0 for none). */
  posts: [],
  /** How often the definitions were asked for. */
  definitions: 0,
  /** Instead of the payload above. */
  payload: null,
  /** The collector's answer to a batch: `{status, headers, hasCors, isAborted}`, each optional. */
  answer: () => ({}),
};
export const site = { origin: '' };

/** The headers that let every origin read the edge's answers. */
const CORS = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After' };

function serveEdge(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://x');
  if (pathname === '/beacon.js') {
    const id = searchParams.get('site');
    response.setHeader('content-type', 'text/javascript');
    const inlined = { site: id, payload: edge.payload || payload, attributes: { country: 'DE', device: 'desktop' } };
    return response.end((id ? `window.__beacon=${JSON.stringify(inlined)};\n` : '') + script);
  }
  if (pathname.startsWith('/api/features/')) {
    edge.definitions++;
    return response.writeHead(200, CORS).end(JSON.stringify(edge.payload || payload));
  }
  if (pathname === '/api/events/batch') return collect(request, response);
  return response.writeHead(404, CORS).end();
}

function collect(request, response) {
  let text = '';
  request.on('data', (d) => (text += d)).on('end', () => {
    const body = JSON.parse(text);
    const { status = 200, headers = {}, hasCors = true, isAborted = false } = edge.answer(body);
    edge.posts.push({ body, text, at: Date.now(), status: isAborted ? 0 : status });
    if (isAborted) return request.socket.destroy();
    if (status === 200) edge.batches.push(body);
    return response.writeHead(status, { ...headers, ...(hasCors ? CORS : {}) }).end('{}');
  });
}

function serveSite(request, response) {
  const { pathname } = new URL(request.url, 'http://x');
  response.setHeader('content-type', 'text/html');
  response.end(pages[pathname]?.() || '<p>other</p>');
}

let browser;
const servers = [];

async function listen(handler) {
  const server = createServer(handler);
  servers.push(server);
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${server.address().port}`;
}

before(async () => {
  edge.origin = await listen(serveEdge);
  site.origin = await listen(serveSite);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
});

after(async () => {
  await browser?.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

export const events = () => edge.batches.flatMap((b) => b.events);
export const kinds = (type) => events().filter((e) => e.type === type);
export const kindsSent = (type) => edge.posts.flatMap((p) => p.body.events).filter((e) => e.type === type);

/** Waits longer than the SDK's own pauses after three failures in a row, which are random and add up to 6 s at most. */
export async function until(isMet, what) {
  for (let i = 0; i < 400; i++) {
    if (await isMet()) return;
    await new Promise((r) => setTimeout(r, 50));
  }
  const sent = edge.posts.map(({ status, body }) => `${status}: ${body.events.map((e) => `${e.type} ${e.name ?? ''}`)}`);
  assert.fail(`${what} in ${JSON.stringify(sent, null, 1)}`);
}

/** A fresh visitor; an exception on the page fails the test. */
export async function visit(run, setup = () => {}) {
  Object.assign(edge, { batches: [], posts: [], definitions: 0, payload: null, answer: () => ({}) });
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

/** The variant that this visitor has, or null. */
export const entered = (page, key) => page.evaluate((key) => BeaconExperiments.getVariant(key).then((v) => v && v.variant_id), key);
