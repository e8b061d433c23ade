import type { PlatformRequest, PlatformResponse, PlatformSocket, PlatformSocketListener } from '../src/browser/platform.js';
import type { VirtualGateway } from './virtual-browser.js';

/** A refusal of the gateway, as docs/gateway/resume.md names them. */
export function refusal(reason: string, metadata: Record<string, string> = {}): object {
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'holdfast', metadata };
  return { code: 10, message: `gateway: resume: ${reason}`, details: [info] };
}

/** A WebSocket between a page and the model; each direction is a queue that the test lets pass. */
export class ModelSocket implements PlatformSocket {
  readonly toGateway: string[] = [];
  readonly toPage: string[] = [];
  open = false;
  closing = false;
  gone = false;
  acks = false;

  constructor(
    readonly url: string,
    readonly protocol: string,
    readonly listener: PlatformSocketListener,
  ) {}

  send(text: string): void {
    if (!this.open) {
      throw new Error('send before the handshake');
    }
    if (!this.closing && !this.gone) {
      this.toGateway.push(text);
    }
  }

  close(): void {
    this.closing = true;
  }

  /** The path swallows everything from now on, and neither end hears of it. */
  silence(): void {
    this.gone = true;
  }

  /** The network breaks: everything under way is lost. */
  cut(): void {
    if (!this.gone) {
      this.gone = true;
      this.listener.onClose(1006);
    }
  }
}

/**
 * A gateway with one stream, from its document: a session by `@session`, positions, acknowledgements. The service sends numbers from 1
 * and keeps what it gets.
 */
export class ModelGateway implements VirtualGateway {
  sockets: ModelSocket[] = [];
  connections = 0;
  got: string[] = [];
  halfClosed = false;
  sent = 0;
  acknowledged = 0;
  /** Whether the session was forgotten. */
  forgotten = false;
  kept = true;
  /** The sub-protocols that the gateway knows. */
  protocols = ['grpc-heartbeat+json', 'grpc+json'];
  status: object | undefined;
  requests: PlatformRequest[] = [];
  /** The answers of `fetch`, in their order. */
  answers: ((request: PlatformRequest) => Promise<PlatformResponse>)[] = [];
  private reader: ModelSocket | undefined;

  connect(url: string, protocols: readonly string[], listener: PlatformSocketListener): PlatformSocket {
    // The first one of the client's that is known.
    const protocol = protocols.find((each) => this.protocols.includes(each));
    if (protocol === undefined) {
      throw new Error(`protocols: ${protocols.join()}`);
    }
    const socket = new ModelSocket(url, protocol, listener);
    this.connections++;
    this.sockets = this.sockets.filter((each) => !each.gone).concat(socket);
    return socket;
  }

  fetch(_url: string, request: PlatformRequest): Promise<PlatformResponse> {
    this.requests.push(request);
    const answer = this.answers.shift();
    return answer === undefined ? Promise.reject(new TypeError('Failed to fetch')) : answer(request);
  }

  /** The handshake of a socket is over. */
  accept(socket: ModelSocket): void {
    if (socket.open || socket.gone || socket.closing) {
      return;
    }
    socket.open = true;
    socket.listener.onOpen(socket.protocol);
    const query = new URLSearchParams(socket.url.slice(socket.url.indexOf('?')));
    const session = query.get('@session');
    if (session !== 'new' && (session !== 's' || this.forgotten)) {
      socket.toPage.push(JSON.stringify({ '@status': refusal('RESUME_UNKNOWN') }), 'close 4010');
      return;
    }
    if (!this.kept) {
      this.reader = socket;
      return;
    }
    const after = Number(query.get('@after') ?? 0);
    socket.toPage.push(JSON.stringify({ '@session': { id: 's', after, received: this.got.length, ttlSeconds: 120 } }));
    for (let number = after + 1; number <= this.sent; number++) {
      socket.toPage.push(JSON.stringify({ number }));
    }
    this.reader = socket;
    if (this.status !== undefined) {
      this.finish(this.status);
    }
  }

  /** The service sends its next message. */
  emit(): void {
    this.sent++;
    this.reader?.toPage.push(JSON.stringify({ number: this.sent }));
  }

  /** The gateway's timer of 15 s runs. */
  beat(): void {
    for (const socket of this.sockets) {
      if (socket.open && socket.protocol === 'grpc-heartbeat+json') {
        socket.toPage.push('{"@heartbeat":{}}');
      }
    }
  }

  finish(status: object): void {
    this.status = status;
    this.reader?.toPage.push(JSON.stringify({ '@status': status }), 'close 1000');
    this.reader = undefined;
  }

  /** The gateway reads the next text of a socket. */
  read(socket: ModelSocket): void {
    if (socket.gone || !socket.open) {
      return;
    }
    const text = socket.toGateway.shift();
    if (text === undefined) {
      if (socket.closing) {
        socket.gone = true;
        this.reader = this.reader === socket ? undefined : this.reader;
        socket.listener.onClose(1000);
      }
    } else if (this.reader !== socket) {
      return;
    } else if (text.startsWith('{"@ack"')) {
      this.acknowledged = Math.max(this.acknowledged, (JSON.parse(text) as { '@ack': number })['@ack']);
    } else if (text === '') {
      this.halfClosed = true;
    } else {
      this.got.push(text);
    }
  }

  /** The page reads the next text of a socket. */
  deliver(socket: ModelSocket): void {
    if (socket.gone || !socket.open) {
      return;
    }
    const text = socket.toPage.shift();
    if (text?.startsWith('close ') === true) {
      socket.gone = true;
      socket.listener.onClose(Number(text.slice('close '.length)));
    } else if (text !== undefined) {
      socket.listener.onText(text);
    }
  }

  /** Lets everything pass that is under way. */
  flush(): void {
    for (const socket of this.sockets) {
      this.accept(socket);
      while (!socket.gone && socket.toPage.length > 0) {
        this.deliver(socket);
      }
      while (!socket.gone && (socket.toGateway.length > 0 || socket.closing) && socket.open) {
        this.read(socket);
      }
    }
  }

  /** The connections of now go silent. */
  silence(): void {
    this.sockets.forEach((each) => each.silence());
  }

  cut(): void {
    this.sockets.forEach((each) => each.cut());
  }
}
