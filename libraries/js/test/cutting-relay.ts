import { type AddressInfo, type Server, type Socket, createServer, connect } from 'node:net';

/** A TCP relay that resets all its connections on demand. */
export class CuttingRelay {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  cuts = 0;

  private constructor(private readonly server: Server) {}

  static async to(port: number, listen = 0): Promise<CuttingRelay> {
    const server = createServer();
    const relay = new CuttingRelay(server);
    server.on('connection', (socket) => relay.pass(socket, connect(port, '127.0.0.1')));
    await new Promise<void>((resolve) => server.listen(listen, '127.0.0.1', resolve));
    return relay;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resets every connection; counts when there was one. */
  cut(): void {
    this.cuts += this.pairs.size > 0 ? 1 : 0;
    for (const [client, server] of this.pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    this.pairs.clear();
  }

  /** Ends the relay, and with it the way to the server. */
  close(): void {
    this.server.close();
    this.cut();
  }

  private pass(client: Socket, server: Socket): void {
    const pair = [client, server] as const;
    this.pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.pairs.delete(pair);
        client.destroy();
        server.destroy();
      });
    }
    client.pipe(server);
    server.pipe(client);
  }
}
