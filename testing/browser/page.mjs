// Streams of a page, by default three: a WebSocket and server-sent events by the library, and an EventSource by the script of
// docs/gateway/resume.md. The test reads `streams`.
import {EventStream, SocketStream} from "/browser/index.js";
import {watch} from "/resume-page.mjs";

const query = new URLSearchParams(location.search);
const gateway = query.get("gateway");
const intervalMillis = Number(query.get("interval"));
const page = query.get("page");
const kinds = (query.get("kinds") ?? "socket,events,source").split(",").filter(Boolean);
const watchUrl = `http://${gateway}/v1/pages/${page}:watch?intervalMillis=${intervalMillis}`;

// A number that is not one more than the last is a fault: ahead of it is lost, behind it is duplicated.
class Record {
  numbers = 0;
  lost = 0;
  duplicated = 0;
  begun = 0;
  resumed = 0;
  state = "running";
  hasLast = false;

  begin() {
    this.begun++;
    this.numbers = 0;
  }

  add(tick) {
    const number = Number(tick.number);
    this.hasLast ||= tick.last;
    if (number > this.numbers + 1) this.lost += number - this.numbers - 1;
    if (number <= this.numbers) this.duplicated++;
    this.numbers = Math.max(this.numbers, number);
  }

  end(state) {
    this.state = state;
    if (state === "OK" && !this.hasLast) this.lost++;
  }
}

async function read(record, stream) {
  record.begin();
  try {
    for await (const tick of stream) record.add(tick);
    record.end("OK");
  } catch (error) {
    record.end(`${error.name} ${error.kind ?? ""} ${error.message}`);
  }
}

const streams = Object.fromEntries(kinds.map(kind => [kind, new Record()]));

const begin = {socket: openTalk, events: openEvents, source: openSource};
kinds.forEach(kind => begin[kind]());

function openTalk() {
  const talk = new SocketStream(`ws://${gateway}/holdfast.bench.v1.Page/Talk`, {
    onResumed: () => streams.socket.resumed++,
  });
  read(streams.socket, talk);
  (async () => {
    for (let number = 1; ; number++) {
      const last = window.isLast;
      await talk.write({number: String(number), last});
      if (last) break;
      await new Promise(resolve => setTimeout(resolve, intervalMillis));
    }
    talk.end();
  })().catch(() => {});
}

function openEvents() {
  read(streams.events, new EventStream(watchUrl, {onResumed: () => streams.events.resumed++}));
}

function openSource() {
  watch(watchUrl, {
    begin: () => streams.source.begin(),
    show: tick => streams.source.add(tick),
    end: status => streams.source.end(status === null ? "OK" : JSON.stringify(status)),
  });
}

// Two streams that have one message and then none.
function openQuiet(address) {
  const interval = 3_600_000;
  const socket = new SocketStream(`ws://${address}/holdfast.bench.v1.Page/Watch`);
  socket.write({page: "quiet", intervalMillis: interval}).then(() => socket.end());
  const events = new EventStream(`http://${address}/v1/pages/quiet:watch?intervalMillis=${interval}`);
  return [socket, events].map(stream => {
    const record = new Record();
    read(record, stream);
    return record;
  });
}

// An EventSource that nobody closes, from an id on where the test adds one to its first request.
function openShared(address, id) {
  const record = Object.assign(new Record(), {id, opened: 0, superseded: 0, readyState: 0});
  record.numbers = id === "" ? 0 : Number(id.split(".")[1]);
  const source = new EventSource(`http://${address}/v1/pages/shared:watch?intervalMillis=${intervalMillis}`);
  source.onopen = () => record.opened++;
  source.onmessage = event => {
    record.id = event.lastEventId;
    record.add(JSON.parse(event.data));
  };
  source.addEventListener("error", event => {
    record.superseded += Number(String(event.data).includes("RESUME_SUPERSEDED"));
    record.readyState = source.readyState;
  });
  return record;
}

// Opens a session of its own, for a second page that takes it over.
function openSession() {
  const record = new Record();
  const stream = new SocketStream(`ws://${gateway}/holdfast.bench.v1.Page/Watch`);
  read(record, stream);
  stream.write({page, intervalMillis}).then(() => stream.end());
  return {record, stream};
}

// Takes the session of another page over, behind a message, as a page that was restored from a copy does.
function takeOver(session, after) {
  const record = new Record();
  record.numbers = after;
  const socket = new WebSocket(`ws://${gateway}/holdfast.bench.v1.Page/Watch?@session=${session}&@after=${after}`, "grpc+json");
  socket.onmessage = event => {
    const value = JSON.parse(event.data);
    if ("number" in value) record.add(value);
  };
  return {record, socket};
}

Object.assign(window, {isLast: false, streams, openQuiet, openSession, openShared, takeOver});
