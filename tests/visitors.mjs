// Separate visitors of a static page in a real Chromium: node tests/visitors.mjs '{"edge":…,"site":…,…}'
// Prints one line of JSON: what the pages themselves recorded, once all their events are acknowledged.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(new URL("../edge/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const given = {
  visitors: 1,
  bot: false,
  atOnce: 6,
  seed: 1,
  converts: { control: 0.1, treatment: 0.25 },
  returns: 0.15,
  patience: 60_000,
  browser: process.env.BEACON_CHROMIUM ?? "/usr/bin/chromium",
  ...JSON.parse(process.argv[2]),
};

const page = readFileSync(new URL("pages/hero.html", import.meta.url), "utf8").replace(
  /\{\{(edge|site|experiment|goal)\}\}/g,
  (_, name) => given[name],
);
const server = createServer((request, response) => {
  if (request.url !== "/") return response.writeHead(404).end();
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const address = `http://127.0.0.1:${server.address().port}/`;

// Playwright's own flags keep the browser silent; these are for a container without a GPU and without users.
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic"];
// A person's browser does not say that it is driven. The bot's does, and names itself in its user agent too.
if (!given.bot) flags.push("--disable-blink-features=AutomationControlled");
const browser = await chromium.launch({ executablePath: given.browser, headless: true, args: flags });
const userAgent = `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${browser.version().split(".")[0]}.0.0.0 Safari/537.36`;

/** A small seeded generator (mulberry32): the same seed gives the same people. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

async function look(context) {
  const tab = await context.newPage();
  const end = Date.now() + given.patience;
  // An edge that is down serves no script: the page stays as it was, and the visitor comes again.
  for (;;) {
    await tab.goto(address, { waitUntil: "load", timeout: given.patience });
    if (await tab.evaluate(() => typeof BeaconExperiments !== "undefined")) break;
    if (Date.now() > end) throw new Error("The edge served no beacon.js in time.");
    await new Promise((again) => setTimeout(again, 200));
  }
  await tab.waitForFunction(() => window.seen.variant !== null, null, { timeout: given.patience });
  const { variant, webdriver } = await tab.evaluate(() => window.seen);
  const heading = await tab.textContent("#heading");
  if (webdriver !== given.bot) throw new Error(`navigator.webdriver is ${webdriver}, which is not what this visitor is.`);
  return { tab, variant, heading };
}

/** The page keeps exposures and conversions until they are acknowledged; nothing left means all arrived. */
async function acknowledged(tab) {
  const end = Date.now() + given.patience;
  while (Date.now() < end) {
    const left = await tab.evaluate(async () => {
      await Beacon.flush();
      return JSON.parse(localStorage.getItem("beacon_queue") ?? "[]").length;
    });
    if (left === 0) return;
    await new Promise((again) => setTimeout(again, 100));
  }
  throw new Error("The events of a page were not acknowledged in time.");
}

async function visit(number) {
  const chance = random(given.seed * 1_000_003 + number);
  const [converting, returning] = [chance(), chance()];
  const context = await browser.newContext(given.bot ? {} : { userAgent });
  try {
    let { tab, variant, heading } = await look(context);
    const first = { variant, heading };
    if (returning < given.returns) {
      await acknowledged(tab);
      await tab.close();
      ({ tab, variant, heading } = await look(context));
      if (variant !== first.variant || heading !== first.heading) {
        throw new Error(`A visitor came back and saw ${variant} instead of ${first.variant}.`);
      }
    }
    if (converting < (given.converts[variant] ?? 0)) await tab.click("#buy");
    const { converted } = await tab.evaluate(() => window.seen);
    await acknowledged(tab);
    return { ...first, converted, returned: returning < given.returns };
  } finally {
    await context.close();
  }
}

const summary = { variants: {}, returned: 0, headings: {} };
let next = 0;
async function people() {
  while (next < given.visitors) {
    const seen = await visit(next++);
    const variant = (summary.variants[seen.variant] ??= { visitors: 0, converted: 0 });
    variant.visitors += 1;
    variant.converted += seen.converted ? 1 : 0;
    summary.returned += seen.returned ? 1 : 0;
    summary.headings[seen.variant] = seen.heading;
  }
}

let failed;
try {
  await Promise.all(Array.from({ length: Math.min(given.atOnce, given.visitors) }, people));
} catch (error) {
  failed = error;
}
await browser.close();
server.close();
if (failed) {
  process.stderr.write(`visitors: ${failed.stack}\n`);
  process.exit(1);
}
process.stdout.write(`${JSON.stringify(summary)}\n`);
