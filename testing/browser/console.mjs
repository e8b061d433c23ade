// Opens the console of the demos in a headless Chromium; started by scripts/console-check.
// Arguments: the repository, the folder for logs and pictures, the path of Chromium.
import {spawn} from "node:child_process";
import {createWriteStream} from "node:fs";
import {mkdir, readFile, rm, writeFile} from "node:fs/promises";
import {createRequire} from "node:module";
import {join} from "node:path";
import {chromium} from "playwright-core";
import {Relay} from "./relay.mjs";

const PATIENCE_MILLIS = 90_000;
const POLL_MILLIS = 20;
const KILL_BOUND_MILLIS = 1_000;
const SLEEP_MILLIS = 5_000;
// Over these the demo spreads its steps; it is ended when it was looked at.
const DEMO_SECONDS = "100";
// More than all looks take, also on a busy machine.
const STREAMS_SECONDS = "900";
const ENDPOINTS = 1_000;
const WIDTHS = [400, 1600];
const [root, work, browserPath] = process.argv.slice(2);
const pictures = join(work, "pictures");
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const children = [];
const faults = [];
const sleep = millis => new Promise(resolve => setTimeout(resolve, millis));

async function until(what, condition, patience = PATIENCE_MILLIS) {
  const end = Date.now() + patience;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what}: not within ${patience / 1000} s`);
    await sleep(POLL_MILLIS);
  }
}

// A demo whose events are read as they come.
function demo(name, args) {
  const child = spawn(join(root, "holdfast"), ["demo", ...args, "--json"], {stdio: ["ignore", "pipe", "pipe"]});
  const run = {name, child, link: "", table: null, steps: [], ended: false};
  children.push(child);
  child.stderr.pipe(createWriteStream(join(work, `${name}.log`)));
  let rest = "";
  child.stdout.on("data", bytes => {
    const lines = (rest + bytes).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const event = JSON.parse(line);
      if (event.event === "note") run.link ||= /https?:\S+#token=\S+/.exec(event.text ?? event.note ?? line)?.[0] ?? "";
      else if (event.event === "table") run.table = event;
      else if (event.event === "step_started") run.steps.push({title: event.title, at: Date.now()});
    }
  });
  child.on("exit", () => (run.ended = true));
  return run;
}
const step = (run, words) => run.steps.find(each => each.title.includes(words));

async function open(browser, link, width, scheme) {
  const context = await browser.newContext({viewport: {width, height: 1000}, colorScheme: scheme});
  const page = await context.newPage();
  page.on("pageerror", error => faults.push(`page error: ${error.message}`));
  page.on("console", message => { // A console that ends is a bad day of its own; the page says so, which is looked at below.
    if (message.type() === "error" && !message.text().startsWith("Failed to load")) faults.push(`console: ${message.text()}`); });
  page.on("request", request => {
    if (!request.url().startsWith(new URL(link).origin) && !request.url().startsWith("data:")) faults.push(`asks ${request.url()}`);
  });
  await page.goto(link);
  await page.waitForSelector("#views button");
  return page;
}
async function go(page, view) {
  await page.click(`#views button[data-view=${view}]`);
  await page.waitForFunction(name => document.body.dataset.ready === name, view);
}
const rows = page => page.$$eval("#rows tbody tr", all => all.map(row => row.textContent));

// What axe-core finds on the page as it is, by name.
async function violations(page, what) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}));
  for (const each of found.violations) faults.push(`axe: ${what}: ${each.id}: ${each.nodes[0].html}`);
  return found.violations.length;
}

async function looks(browser, run, views) {
  let count = 0;
  for (const width of WIDTHS) {
    for (const scheme of ["light", "dark"]) {
      const page = await open(browser, run.link, width, scheme);
      for (const view of views) {
        await go(page, view);
        count += await violations(page, `${view}, ${width} px, ${scheme}`);
        await page.screenshot({path: join(pictures, `${run.name}-${view}-${width}-${scheme}.png`)});
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > width) faults.push(`${view}: ${wide} px wide in a window of ${width} px`);
      }
      await page.context().close();
    }
  }
  return count;
}

// Which views have rows at some moment.
async function filled(page, views) {
  const full = new Set();
  for (const view of views) {
    await go(page, view);
    try {
      await until(`${view} has a row`, async () => (await rows(page)).length > 0, 30_000);
      full.add(view);
    } catch (e) {
      faults.push(String(e.message));
    }
  }
  return full;
}

const rate = (run, address) => run.table?.instances.find(each => each.address === address)?.calls_per_s ?? 0;

// Drains an endpoint by its button, sees its calls go elsewhere, and takes it back.
async function drain(page, run) {
  await go(page, "services");
  // The steps of the demo take the oldest ones.
  const address = await until("an instance with calls", () =>
    run.table?.instances.findLast(each => each.state === "serving" && each.calls_per_s > 0)?.address);
  const act = async (words, state) => {
    await page.click(`#rows tbody tr:has-text("${address}")`);
    await page.click("#drain");
    await page.click("#yes");
    await page.waitForSelector(`#rows tbody tr:has-text("${address}"):has-text("${state}")`);
    await until(`${address} after ${words}`, () => (state === "draining") === (rate(run, address) === 0));
  };
  await act("drain", "draining");
  if (!run.table.instances.some(each => each.address !== address && each.calls_per_s > 0)) faults.push("nobody else has calls");
  await act("undrain", "eligible");
  return 2;
}

// An endpoint says why it gets calls.
async function explain(page, run) {
  await go(page, "services");
  const address = await until("an instance with calls", () =>
    run.table?.instances.findLast(each => each.state === "serving" && each.calls_per_s > 0)?.address);
  await page.click(`#rows tbody tr:has-text("${address}")`);
  await page.click("#explain");
  await page.waitForFunction(() => document.getElementById("details-text").textContent.includes("New calls may go there."));
  const text = await page.textContent("#details-text");
  for (const words of ["registry: listed", "answers: ", "Clients that show themselves"]) {
    if (!text.includes(words)) faults.push(`explain: no "${words}" in: ${text}`);
  }
  const found = await violations(page, "explain");
  await page.screenshot({path: join(pictures, "demo-explain-1600-light.png")});
  await page.click("#close");
  return found;
}

// A page whose browser sleeps, and wakes up after its connection has gone, shows what is new. After an hour of sleep no
// network knows a connection any more: here the relay before the console loses it, and neither end hears of that.
async function sleepAndWake(browser, run) {
  const link = new URL(run.link);
  const relay = await Relay.to(Number(link.port));
  const page = await open(browser, run.link.replace(link.host, relay.address), 1600, "light");
  await go(page, "connections");
  const session = await page.context().newCDPSession(page);
  await session.send("Page.setWebLifecycleState", {state: "frozen"});
  relay.silence();
  await sleep(SLEEP_MILLIS);
  if (!relay.cuts) faults.push("sleep: no connection was lost");
  await session.send("Page.setWebLifecycleState", {state: "active"});
  const woken = Date.now();
  await page.waitForFunction(at => shown && shown.time_ms > at && document.getElementById("live").textContent === "live",
    woken, {timeout: PATIENCE_MILLIS, polling: POLL_MILLIS});
  await page.context().close();
  relay.close();
}

// A console of its own before a registry of files with a thousand endpoints, whose processes are not there.
// The calls of a service are divided by the page, and not by one that was opened without the token.
async function split(browser) {
  const folder = join(work, "split");
  const policy = join(folder, "policy.yaml");
  await rm(folder, {recursive: true, force: true});
  await mkdir(join(folder, "orders"), {recursive: true});
  for (let i = 0; i < ENDPOINTS; i++) {
    const address = `127.1.${i >> 8}.${i & 255}:50051`;
    const metadata = {version: i ? "v1" : "v2", "holdfast-admin": `127.1.${i >> 8}.${i & 255}:1 nobody-${i}`};
    await writeFile(join(folder, "orders", `${i}.json`), JSON.stringify({address, metadata}));
  }
  const args = ["console", "--registry", `file://${folder}`, "--policy", policy, "--listen", "0", "--json"];
  const child = spawn(join(root, "holdfast"), args, {stdio: ["ignore", "pipe", "pipe"]});
  children.push(child);
  child.stderr.pipe(createWriteStream(join(work, "split.log")));
  let out = "";
  child.stdout.on("data", bytes => (out += bytes));
  const link = await until("the console's link", () => /"link":"([^"]+)"/.exec(out)?.[1] || (child.exitCode !== null && fail(`console: exit ${child.exitCode}`)));
  const page = await open(browser, link, 1600, "light");
  await go(page, "services");
  await page.waitForFunction(total => document.getElementById("count").textContent.includes(total), ENDPOINTS.toLocaleString("en"));
  await page.waitForFunction(() => document.getElementById("silent").textContent.includes("127.1.0.0:1 does not answer"));
  await page.waitForFunction(() => document.getElementById("silent").textContent.includes("995 further processes do not answer"));
  await page.click('#rows tbody tr:has-text("127.1.0.0:50051")');
  await page.click("#open-split");
  const now = words => page.waitForFunction(text => document.getElementById("split-text").textContent === text, words);
  await now("Now: all instances");
  if ((await page.inputValue("#subset")) !== "v2") faults.push("split: the subset is not that of the row");
  await page.fill("#percent", "130");
  await page.click("#split-yes");
  await page.waitForFunction(() => document.getElementById("split-text").textContent.includes("130%"));
  await page.fill("#percent", "10");
  await page.click("#split-yes");
  await now("Now: v2 10%, others 90% (was: all instances)");
  const found = await violations(page, "split");
  await page.screenshot({path: join(pictures, "split-1600-light.png")});
  const edited = await readFile(policy, "utf8");
  if (!/v2: *10/.test(edited)) faults.push(`split: the policy is ${edited}`);
  await page.click("#split-clear");
  await now("Now: all instances (was: v2 10%, others 90%)");
  await page.click("#split-close");
  await page.context().close();

  const reader = await open(browser, link.replace(/#.*/, ""), 1600, "light");
  await go(reader, "services");
  await reader.click("#rows tbody tr");
  if (!(await reader.isDisabled("#open-split"))) faults.push("split: may be asked for without the token");
  await reader.context().close();
  child.kill("SIGTERM");
  return found;
}

// How long after the demo's kill -9 the timeline shows its connections, with the reason.
async function kill(page, run) {
  await go(page, "timeline");
  const begun = await until("the demo's kill", () => step(run, "kill -9"));
  const shown = await page.waitForFunction(
    at => [...document.querySelectorAll("#rows tbody tr")].some(row => {
      const cells = [...row.children].map(cell => cell.textContent);
      return cells[1] === "connection" && cells[3].startsWith("HF-") && new Date(cells[0]).getTime() >= at - 1000;
    }) && Date.now(), begun.at, {timeout: PATIENCE_MILLIS, polling: POLL_MILLIS});
  const took = (await shown.jsonValue()) - begun.at;
  if (took > KILL_BOUND_MILLIS) faults.push(`kill -9: shown after ${took} ms (bound: ${KILL_BOUND_MILLIS})`);
  return took;
}

// A closed connection has a link to the page that explains its code.
async function why(page) {
  await go(page, "closed");
  await page.click('#rows tbody tr:has-text("HF-")');
  const href = await page.getAttribute("#details-text a", "href");
  if (!/docs\/close-reasons\.md#hf-4\d\d-[a-z_]+$/.test(href)) faults.push(`closed: the link is ${href}`);
  const found = await violations(page, "details of a closed connection");
  await page.screenshot({path: join(pictures, "demo-closed-details-1600-light.png")});
  await page.click("#close");
  return found;
}

await rm(pictures, {recursive: true, force: true});
await mkdir(pictures, {recursive: true});
let browser;
let result = "";
try {
  browser = await chromium.launch({executablePath: browserPath, args: ["--no-sandbox"]});
  const calls = demo("demo", ["--seconds", DEMO_SECONDS]);
  await until("the demo's link", () => calls.link || (calls.ended && fail("the demo ended")));
  const page = await open(browser, calls.link, 1600, "light");
  let actions = await drain(page, calls);
  let count = await explain(page, calls);
  const took = await kill(page, calls);
  count += await why(page);
  await sleepAndWake(browser, calls);
  const full = await filled(page, ["services", "connections", "closed", "gateways", "timeline"]);
  count += await looks(browser, calls, ["gateways"]);
  calls.child.kill("SIGTERM");
  await until("the demo ends", () => calls.ended);
  await page.waitForSelector("#lost:not([hidden])");
  await page.context().close();

  const streams = demo("streams", ["streams", "--seconds", STREAMS_SECONDS, "--devices", "200"]);
  await until("the link of demo streams", () => streams.link || (streams.ended && fail("demo streams ended")));
  const second = await open(browser, streams.link, 1600, "light");
  for (const view of await filled(second, ["streams"])) full.add(view);
  count += await looks(browser, streams, ["services", "connections", "closed", "timeline", "streams", "ended", "xds"]);
  streams.child.kill("SIGTERM");
  await until("demo streams ends", () => streams.ended);
  count += await split(browser);
  actions += 2;
  result = `RESULT views=${full.size} actions=${actions} a11y_violations=${count} kill_shown_ms=${took} faults=${faults.length}`;
} catch (e) {
  faults.push(String(e.stack));
  for (const context of browser?.contexts() ?? []) {
    for (const page of context.pages()) await page.screenshot({path: join(pictures, "fault.png")});
  }
  result = `RESULT views=0 actions=0 a11y_violations=-1 kill_shown_ms=-1 faults=${faults.length}`;
} finally {
  await browser?.close();
  for (const child of children) if (child.exitCode === null) child.kill("SIGTERM");
}
faults.forEach(fault => console.log(`fault: ${fault}`));
console.log(`pictures: ${pictures}`);
console.log(result);
process.exitCode = faults.length ? 1 : 0;

function fail(words) {
  throw new Error(words);
}
