// Runs the pages of page.html behind a network that fails; started by scripts/browser-streams.
// Arguments: the repository, the folder for logs, the command of the service, the paths of Chromium and nginx.
import {spawn} from "node:child_process";
import {createWriteStream} from "node:fs";
import {mkdir, readFile, rm, writeFile} from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import {join} from "node:path";
import {chromium} from "playwright-core";
import {Relay} from "./relay.mjs";

const CUTS = 2;
const CUTS_AFTER_HANDOVER = 3;
const INTERVAL_MILLIS = 15;
const SILENCE_MILLIS = 60_000;
const SLOW_INTERVAL_MILLIS = 100;
const PATIENCE_MILLIS = 60_000;
const POLL_MILLIS = 50;
const [root, work, service, browserPath, nginxPath] = process.argv.slice(2);
const children = [];
const messages = createWriteStream(join(work, "pages.log"));

const sleep = millis => new Promise(resolve => setTimeout(resolve, millis));

function start(name, command, args) {
  const child = spawn(command, args, {stdio: ["ignore", "pipe", "pipe"]});
  children.push(child);
  child.text = "";
  child.stdout.on("data", bytes => (child.text += bytes));
  child.stderr.pipe(createWriteStream(join(work, `${name}.log`)));
  child.ended = new Promise(resolve => child.on("exit", code => resolve((child.code = code))));
  return child;
}

async function until(what, condition, patience = PATIENCE_MILLIS) {
  const end = Date.now() + patience;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what}: not within ${patience / 1000} s`);
    await sleep(POLL_MILLIS);
  }
}

async function freePort() {
  const server = net.createServer();
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
  const {port} = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

// The script of the document, as it is written there.
async function resumePage() {
  const text = await readFile(join(root, "docs/gateway/resume.md"), "utf8");
  return [...text.matchAll(/```js\n(.*?)```/gs)].map(each => each[1]).join("\n");
}

async function servePages() {
  const here = new URL(".", import.meta.url).pathname;
  const script = await resumePage();
  const server = http.createServer(async (request, response) => {
    const path = new URL(request.url, "http://page").pathname;
    try {
      const body = path === "/resume-page.mjs" ? script
        : /^\/browser\/[a-z-]+\.js$/.test(path) ? await readFile(join(root, "libraries/js/dist", path))
        : /^\/page\.(html|mjs)$/.test(path) ? await readFile(join(here, path)) : undefined;
      if (body === undefined) throw new Error("no such page");
      response.writeHead(200, {"content-type": path.endsWith(".html") ? "text/html" : "text/javascript"}).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${server.address().port}`;
}

async function startGateway(name, config, port, folder = "handover") {
  const socket = join(work, folder, "gateway.sock");
  const gateway = start(name, join(root, "holdfast"), [
    "gateway", "--json", "--config", config, "--listen", `127.0.0.1:${port}`, "--handover", socket,
  ]);
  await until(`${name} serves`, () => {
    if (gateway.code !== undefined) throw new Error(`${name} ended with ${gateway.code} (log: ${join(work, `${name}.log`)})`);
    return gateway.text.includes('"listen"');
  });
  return gateway;
}

async function openPage(context, page, origin, query) {
  const tab = await context.newPage();
  tab.on("pageerror", error => console.log(`${page}: ${error}`));
  tab.on("console", message => messages.write(`${page}: ${message.text()}\n`));
  await tab.goto(`${origin}/page.html?page=${page}&${query}`);
  await until(`the script of ${page}`, () => tab.evaluate(() => "openShared" in window));
  return tab;
}

async function openTab(context, page, origin, relay, interval = INTERVAL_MILLIS, kinds = "socket,events,source") {
  const tab = await openPage(context, page, origin, `gateway=${relay.address}&interval=${interval}&kinds=${kinds}`);
  await until(`the streams of ${page} begin`, () => numbers(tab).then(all => all.every(each => each > 0)));
  return tab;
}

const streamsOf = tab => tab.evaluate(() => JSON.parse(JSON.stringify(window.streams ?? {})));
const numbers = tab => streamsOf(tab).then(all => [0, ...Object.values(all).map(each => each.numbers)].slice(Object.keys(all).length ? 1 : 0));

// Each stream has passed a number of messages since.
async function flows(tab, name) {
  const before = await numbers(tab);
  await until(`the streams of ${name} go on`, async () => {
    const [now, all] = [await numbers(tab), Object.values(await streamsOf(tab))];
    return now.every((each, i) => each >= before[i] + 20 || all[i].state !== "running");
  });
}

// The processes of the tabs, whose script stands still while they are stopped.
async function renderers(browser) {
  const session = await browser.newBrowserCDPSession();
  const {processInfo} = await session.send("SystemInfo.getProcessInfo");
  return processInfo.filter(each => each.type === "renderer").map(each => each.id);
}

// A process that is kept in reserve may have ended.
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

async function sharedSession(first, second) {
  const session = await until("a session", () => first.evaluate(() => {
    window.shared ??= window.openSession();
    return window.shared.record.numbers > 20 ? window.shared.stream.session : "";
  }));
  const after = await first.evaluate(() => window.shared.record.numbers);
  await second.evaluate(([id, at]) => { window.taken = window.takeOver(id, at); }, [session, after]);
  await until("the second page has the session", () => second.evaluate(at => window.taken.record.numbers > at + 20, after));
  const state = await until("the first page is told", () => first.evaluate(() =>
    window.shared.record.state === "running" ? "" : window.shared.record.state));
  if (!state.includes("SUPERSEDED")) throw new Error(`the first page was told: ${state} (expected: SUPERSEDED)`);
  await second.evaluate(() => window.taken.socket.close());
  return second.evaluate(() => window.taken.record);
}

// Two EventSources with one id: the newer has the stream, the older hears of it once, and neither takes it back.
async function sharedSource(context, origin, address) {
  const query = `interval=${SLOW_INTERVAL_MILLIS}&kinds=`;
  const [older, newer] = [await openPage(context, "older", origin, query), await openPage(context, "newer", origin, query)];
  const recordOf = tab => tab.evaluate(() => window.shared);
  const open = (tab, id) => tab.evaluate(([at, from]) => { window.shared = window.openShared(at, from); }, [address, id]);
  await open(older, "");
  await until("messages of the older EventSource", () => recordOf(older).then(each => each.numbers > 20));
  const {id} = await recordOf(older);
  await newer.route("**/v1/pages/shared:watch?*", route =>
    route.continue({headers: {"last-event-id": id, ...route.request().headers()}}));
  await open(newer, id);
  // The browser asks again by itself after 3 s, and is refused.
  await until("the older EventSource is closed", () => recordOf(older).then(each => each.readyState === 2));
  const {numbers} = await recordOf(newer);
  await until("the newer EventSource goes on", () => recordOf(newer).then(each => each.numbers > numbers + 20));
  const records = [await recordOf(older), await recordOf(newer)];
  const what = records.map(each => `opened ${each.opened}, superseded ${each.superseded}`).join("; ");
  const expected = "opened 1, superseded 1; opened 1, superseded 0";
  if (what !== expected) throw new Error(`two EventSources: ${what} (expected: ${expected})`);
  await Promise.all([older.close(), newer.close()]);
  return records;
}

// A tab that is awake while its path swallows everything for a minute, quiet streams on a path that works, and two EventSources of
// one stream; with a gateway of its own, beside the other stages.
async function silentPath(browser, origin, upstream) {
  const port = await freePort();
  const config = join(work, "silent.yaml");
  await writeFile(config, gatewayConfig(upstream, origin, "2m"));
  await freshFolder("silent");
  await startGateway("gateway-silent", config, port, "silent");
  const [relay, quietRelay] = [await Relay.to(port), await Relay.to(port)];
  const context = await browser.newContext();
  const tab = await openTab(context, "silent", origin, relay, SLOW_INTERVAL_MILLIS, "socket,events");
  await tab.evaluate(address => { window.quiet = window.openQuiet(address); }, quietRelay.address);
  await until("the quiet streams begin", () => tab.evaluate(() => window.quiet.every(each => each.numbers === 1)));
  const accepted = quietRelay.accepted;
  relay.dead();
  const silence = sleep(SILENCE_MILLIS);
  const shared = await sharedSource(context, origin, `127.0.0.1:${port}`);
  await silence;
  const quiet = await tab.evaluate(() => window.quiet);
  if (quietRelay.accepted !== accepted || quiet.some(each => each.state !== "running" || each.numbers !== 1)) {
    throw new Error(`quiet streams: ${quietRelay.accepted} connections, ${JSON.stringify(quiet)} (expected: ${accepted}, and no end)`);
  }
  relay.up();
  const began = performance.now();
  await flows(tab, "the silent path");
  const goneMillis = SILENCE_MILLIS + performance.now() - began;
  return {tab, shared, goneMillis};
}

// Events behind an nginx that is told nothing of them: by default it holds a response until a buffer of 4 KiB is full, which
// here takes longer than the patience.
async function throughNginx(gatewayPort) {
  const port = await freePort();
  const config = join(work, "nginx.conf");
  await writeFile(config, [
    "daemon off;",
    `pid ${join(work, "nginx.pid")};`,
    "error_log stderr;",
    "events {}",
    "http {",
    "  access_log off;",
    ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(each => `  ${each}_temp_path ${join(work, `nginx-${each}`)};`),
    "  server {",
    `    listen 127.0.0.1:${port};`,
    `    location / { proxy_pass http://127.0.0.1:${gatewayPort}; }`,
    "  }",
    "}",
    "",
  ].join("\n"));
  const nginx = start("nginx", nginxPath, ["-e", "stderr", "-p", work, "-c", config]);
  const aborted = new AbortController();
  // What does not begin to answer is held as well.
  setTimeout(() => aborted.abort(), PATIENCE_MILLIS).unref();
  const url = `http://127.0.0.1:${port}/v1/pages/nginx:watch?intervalMillis=2000`;
  const response = await until("nginx answers", () =>
    fetch(url, {headers: {accept: "text/event-stream"}, signal: aborted.signal}).catch(() => false));
  let text = "";
  (async () => {
    for await (const bytes of response.body) text += Buffer.from(bytes);
  })().catch(() => {});
  await until("three events behind nginx", () => (text.match(/^data: /gm) ?? []).length >= 3);
  aborted.abort();
  nginx.kill("SIGTERM");
  await nginx.ended;
}

function gatewayConfig(upstream, origin, ttl) {
  return [
    "clusters:",
    `  page: {endpoints: ["127.0.0.1:${upstream}"]}`,
    "routes:",
    `  - {cluster: page, resume: {ttl: ${ttl}}}`,
    `cors: {origins: ["${origin}"], credentials: true}`,
    "",
  ].join("\n");
}

async function freshFolder(name) {
  await rm(join(work, name), {recursive: true, force: true});
  await mkdir(join(work, name), {recursive: true, mode: 0o700});
}

async function run() {
  await freshFolder("handover");
  const origin = await servePages();
  const server = start("service", "bash", ["-c", `exec ${service}`]);
  const upstream = await until("the service", () => /READY (\d+)/.exec(server.text)?.[1]);
  const port = await freePort();
  const config = join(work, "gateway.yaml");
  await writeFile(config, gatewayConfig(upstream, origin, "15s"));
  const older = await startGateway("gateway-1", config, port);
  const relay = await Relay.to(port);
  const launch = () => chromium.launch({executablePath: browserPath, args: ["--no-sandbox"]});
  // In a browser of its own, since the tabs of the other one are stopped for a while.
  const silentBrowser = await launch();
  const silent = silentPath(silentBrowser, origin, upstream);
  silent.catch(() => {});
  const browser = await launch();
  const context = await browser.newContext();
  const first = await openTab(context, "first", origin, relay);
  const secondContext = await browser.newContext();
  const second = await openTab(secondContext, "second", origin, relay);
  const tabs = {first, second};
  const bothFlow = async () => { for (const [name, tab] of Object.entries(tabs)) await flows(tab, name); };
  const stage = what => console.log(`${((performance.now() / 1000)).toFixed(1)} s: ${what}`);

  stage("events through nginx");
  await throughNginx(port);
  for (let i = 0; i < CUTS; i++) {
    stage("cut");
    relay.cut();
    await bothFlow();
  }
  stage("two pages of one session");
  const taken = await sharedSession(first, second);
  stage("no network for 3 s");
  relay.down();
  await context.setOffline(true);
  await sleep(3_000);
  relay.up();
  await context.setOffline(false);
  await bothFlow();
  stage("both tabs sleep for 4 s, their connections are lost meanwhile");
  const asleep = await renderers(browser);
  asleep.forEach(pid => signal(pid, "SIGSTOP"));
  await sleep(1_500);
  relay.cut();
  await sleep(2_500);
  asleep.forEach(pid => signal(pid, "SIGCONT"));
  await bothFlow();
  stage("a newer gateway takes over");
  const cutsBefore = relay.cuts;
  const newer = await startGateway("gateway-2", config, port);
  await bothFlow();
  for (let i = 0; i < CUTS_AFTER_HANDOVER; i++) {
    stage("cut; the older gateway has the streams");
    relay.cut();
    await bothFlow();
  }
  stage("a third gateway takes over");
  const third = await startGateway("gateway-3", config, port);
  relay.cut();
  await bothFlow();
  stage("the path that was silent");
  const {tab, shared, goneMillis} = await silent;
  tabs.silent = tab;
  stage("the streams finish");
  const url = `http://127.0.0.1:${port}/holdfast.bench.v1.Page/Finish`;
  const finished = await fetch(url, {method: "POST", headers: {"content-type": "application/json"}, body: "{}"});
  if (!finished.ok) throw new Error(`Finish: ${finished.status} (expected: 200)`);
  for (const tab of Object.values(tabs)) await tab.evaluate(() => { window.isLast = true; });
  const ends = {};
  for (const [name, tab] of Object.entries(tabs)) {
    const all = await until(`the streams of ${name} end`, async () => {
      const now = await streamsOf(tab);
      return Object.values(now).every(each => each.state !== "running") && now;
    });
    Object.entries(all).forEach(([kind, record]) => (ends[`${name} ${kind}`] = record));
  }
  await Promise.all([browser.close(), silentBrowser.close()]);
  for (const [name, gateway] of Object.entries({older, newer})) {
    const code = await Promise.race([gateway.ended, sleep(60_000)]);
    if (code !== 0) throw new Error(`the ${name} gateway: ${code} (expected: it ends with 0)`);
  }
  third.kill("SIGTERM");
  const records = Object.values(ends);
  const sum = field => records.reduce((all, each) => all + each[field], 0);
  Object.entries(ends).forEach(([name, each]) => console.log(`${name}: ${JSON.stringify(each)}`));
  const others = field => [taken, ...shared].reduce((all, each) => all + each[field], 0);
  const lost = sum("lost") + others("lost");
  const duplicated = sum("duplicated") + others("duplicated");
  const failed = records.filter(each => each.state !== "OK" || each.begun !== 1).length;
  console.log(`RESULT lost=${lost} duplicated=${duplicated} failed=${failed} streams=${records.length} messages=${sum("numbers")}`
    + ` cuts=${relay.cuts} cuts_after_handover=${relay.cuts - cutsBefore} handovers=2 silent_s=${(goneMillis / 1000).toFixed(1)}`);
  return lost + duplicated + failed === 0;
}

let passed = false;
try {
  passed = await run();
} catch (error) {
  console.log(error.stack);
}
children.forEach(child => child.kill("SIGKILL"));
process.exit(passed ? 0 : 1);
