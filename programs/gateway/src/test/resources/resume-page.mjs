// The page of docs/gateway/resume.md behind relays that cut each connection after a number of bytes of its responses.
// Arguments: the port of the gateway, and the number of messages.
import net from "node:net";
import {ResumableSocket, watch} from "./page.mjs";

// More than the head of any response, so that each connection makes progress; less than a third of each stream.
const CUT_BYTES = 8_000;
const DIGITS = 60;
const PATIENCE_MILLIS = 120_000;
const [gateway, messages] = process.argv.slice(2).map(Number);
let begun = 0;
let shown = [];

// Node's EventSource gives up, without saying so, when it is cut before the head of a response: hence bytes, not time.
async function cuttingRelay() {
  const relay = {cuts: 0};
  const server = net.createServer(client => {
    const upstream = net.connect(gateway, "127.0.0.1");
    const pair = [client, upstream];
    const destroy = () => pair.forEach(each => each.destroy());
    pair.forEach(socket => socket.on("error", () => {}).on("close", destroy));
    client.pipe(upstream);
    let left = CUT_BYTES;
    upstream.on("data", bytes => {
      if (left === 0) return;
      const passed = bytes.subarray(0, left);
      left -= passed.length;
      if (left > 0) {
        client.write(passed);
      } else {
        relay.cuts++;
        client.write(passed, destroy);
      }
    });
  });
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
  relay.address = `127.0.0.1:${server.address().port}`;
  return relay;
}
const eventsRelay = await cuttingRelay();
const socketRelay = await cuttingRelay();

function require(name, numbers) {
  const wrong = numbers.findIndex((number, i) => number !== i + 1);
  if (wrong >= 0 || numbers.length !== messages) {
    console.log(`${name}: ${numbers.length} of ${messages}, at ${wrong}: ${numbers.slice(wrong - 2, wrong + 3)}`);
    process.exit(1);
  }
}

const events = new Promise(resolve => watch(`http://${eventsRelay.address}/v1/hello/x:many`, {
  begin() {
    begun++;
    shown = [];
  },
  show: value => shown.push(Number(value.number)),
  end: resolve,
}));

const echoed = [];
const chat = new Promise(resolve => {
  const socket = new ResumableSocket(`ws://${socketRelay.address}/test.greet.Greeter/Chat`, {
    message(value) {
      echoed.push(Number(value.text));
      if (echoed.length === messages) socket.send(null);
    },
    end: resolve,
  });
  let said = 0;
  const timer = setInterval(() => {
    socket.send({name: String(++said).padStart(DIGITS, "0")});
    if (said === messages) clearInterval(timer);
  }, 10);
});

setTimeout(() => {
  console.log(`after ${PATIENCE_MILLIS} ms: events ${shown.length}, socket ${echoed.length}, cuts ${eventsRelay.cuts} ${socketRelay.cuts}`);
  process.exit(1);
}, PATIENCE_MILLIS);
const [, status] = await Promise.all([events, chat]);
require("events", shown);
require("socket", echoed);
const cuts = [eventsRelay.cuts, socketRelay.cuts];
console.log(`RESULT lost=0 duplicated=0 begun=${begun} status=${status.code} events_cuts=${cuts[0]} socket_cuts=${cuts[1]}`);
process.exit(Math.min(...cuts) > 1 && status.code === 0 ? 0 : 1);
