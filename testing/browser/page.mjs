// Three streams of a page: a WebSocket and server-sent events by the library, and an EventSource by the script of
// docs/gateway/resume.md. The test reads `streams`.
import {EventStream, SocketStream} from "/browser/index.js";
import {watch} from "/resume-page.mjs";

const query = new URLSearchParams(location.search);
const gateway = query.get("gateway");
const intervalMillis = Number(query.get("interval"));
const page = query.get("page");
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

const streams = {socket: new Record(), events: new Record(), source: new Record()};

export const talk = new SocketStream(`ws://${gateway}/holdfast.bench.v1.Page/Talk`, {
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

read(streams.events, new EventStream(watchUrl, {onResumed: () => streams.events.resumed++}));

watch(watchUrl, {
  begin: () => streams.source.begin(),
  show: tick => streams.source.add(tick),
  end: status => streams.source.end(status === null ? "OK" : JSON.stringify(status)),
});

// Opens a session of its own, for a second page that takes it over.
function openShared() {
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

Object.assign(window, {isLast: false, streams, openShared, takeOver});
