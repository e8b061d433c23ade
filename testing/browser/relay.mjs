// The network between the pages and the gateway: a relay of TCP that can be cut, silent or down.
import net from "node:net";

export class Relay {
  cuts = 0;
  accepted = 0;
  #pairs = new Set();
  #isDown = false;
  #isDead = false;
  #server;

  static async to(port) {
    const relay = new Relay();
    const server = (relay.#server = net.createServer(client => relay.#pass(client, port)));
    await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
    server.unref();
    relay.address = `127.0.0.1:${server.address().port}`;
    return relay;
  }

  // Resets all connections and takes no further ones.
  close() {
    this.#server.close();
    this.cut();
  }

  // Resets all connections; counts those that there were.
  cut() {
    this.cuts += this.#pairs.size;
    this.#pairs.forEach(pair => pair.forEach(socket => socket.resetAndDestroy()));
  }

  // Every connection fails from now on.
  down() {
    this.#isDown = true;
    this.cut();
  }

  // The connections of now and all further ones are silent, until up().
  dead() {
    this.#isDead = true;
    this.silence();
  }

  up() {
    this.#isDown = false;
    this.#isDead = false;
  }

  // The connections of now carry nothing any more, and neither end hears of it.
  silence() {
    this.cuts += this.#pairs.size;
    this.#pairs.forEach(pair => pair.forEach(socket => {
      socket.unpipe();
      socket.removeAllListeners("data");
      socket.resume();
      socket.removeAllListeners("close");
      socket.removeAllListeners("end");
    }));
    this.#pairs.clear();
  }

  #pass(client, port) {
    if (this.#isDown) {
      client.resetAndDestroy();
      return;
    }
    this.accepted++;
    if (this.#isDead) {
      client.on("error", () => {});
      client.resume();
      return;
    }
    const upstream = net.connect(port, "127.0.0.1");
    const pair = [client, upstream];
    this.#pairs.add(pair);
    pair.forEach(socket => {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#pairs.delete(pair);
        pair.forEach(each => each.destroy());
      });
    });
    client.pipe(upstream);
    upstream.pipe(client);
  }
}
