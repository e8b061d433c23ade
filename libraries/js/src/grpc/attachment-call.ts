import { type CallOptions, type Client, type ClientDuplexStream, Metadata, type StatusObject, connectivityState, status } from '@grpc/grpc-js';
import type { Attachment } from '../session/attachment.js';
import type { CallClosure, CloseReason } from '../session/outputs.js';
import { WireError } from '../wire/fields.js';
import { type FrameHeader, readFrame, writeFrame } from '../wire/frame-header.js';
import { HANDSHAKE_KEY, type Refusal, type Welcome, readRefusal, readWelcome } from '../wire/handshake.js';
import { HANDOVER_KEY, type SessionHandover } from '../wire/session-handover.js';

/** The most time that a server may take to end a call whose session is over; then it is cancelled. */
const DONE_PATIENCE_MILLIS = 10_000;

/** What a physical call tells its stream. */
export interface AttachmentListener {
  onConnected(attachment: Attachment): void;
  onWritable(attachment: Attachment, writable: boolean): void;
  onHeaders(headers: Metadata): void;
  onWelcome(attachment: Attachment, welcome: Welcome): void;
  onPlainHeaders(attachment: Attachment): void;
  onFrame(attachment: Attachment, header: FrameHeader | undefined, body: Uint8Array): void;
  onRefused(attachment: Attachment, refusal: Refusal, end: StatusObject): void;
  onClosed(attachment: Attachment, how: CallClosure, end: StatusObject): void;
}

/** The method and the metadata of a physical call. */
export interface CallTarget {
  readonly client: Client;
  readonly path: string;
  readonly metadata: Metadata;
  readonly options: CallOptions;
}

/**
 * Request headers whose hello is made when they are written: a call may wait for its connection while the machine sleeps, and the hello
 * says how old its session is. A channel copies the metadata of a call several times on the way.
 */
class RequestHeaders extends Metadata {
  constructor(
    private readonly hello: () => Buffer,
    headers: Metadata,
  ) {
    super(headers.getOptions());
    this.merge(headers);
    this.set(HANDSHAKE_KEY, hello());
  }

  override clone(): RequestHeaders {
    return new RequestHeaders(this.hello, this);
  }

  override toHttp2Headers(): ReturnType<Metadata['toHttp2Headers']> {
    this.set(HANDSHAKE_KEY, this.hello());
    return super.toHttp2Headers();
  }
}

const identity = (bytes: Buffer): Buffer => bytes;

/** A physical call of a session: bytes in both directions, one message at a time from the server. */
export class AttachmentCall {
  private readonly call: ClientDuplexStream<Buffer, Buffer>;
  private sendsNoMore = false;
  private readsToTheEnd = false;
  private closed = false;
  private plain = false;
  private patience: NodeJS.Timeout | undefined;

  constructor(
    private readonly attachment: Attachment,
    private readonly target: CallTarget,
    hello: () => Buffer,
    handover: SessionHandover,
    private readonly listener: AttachmentListener,
  ) {
    const metadata = new RequestHeaders(hello, target.metadata);
    metadata.set(HANDOVER_KEY, handover.toBytes());
    if (attachment.number > 1) {
      // While the channel waits to connect again an attempt waits with it: to fail at once would only make the next delay longer.
      metadata.setOptions({ ...metadata.getOptions(), waitForReady: true });
    }
    this.call = target.client.makeBidiStreamRequest(target.path, identity, identity, metadata, target.options);
    // A Readable would read sixteen messages ahead, of any size. What is not asked for stays in the flow-control window.
    this.call.push = (message: unknown): boolean => {
      if (message !== null) {
        this.onMessage(message as Buffer);
      }
      return true;
    };
    this.call.on('metadata', (headers: Metadata) => this.onHeaders(headers));
    this.call.on('drain', () => listener.onWritable(attachment, true));
    this.call.on('error', () => {
      // The status comes with an event of its own.
    });
    this.call.on('status', (end: StatusObject) => this.onStatus(end));
  }

  /** Tells the listener when the channel has a connection, as grpc-js does not tell when the call gets it. */
  awaitConnection(): void {
    if (this.closed) {
      return;
    }
    const channel = this.target.client.getChannel();
    const state = channel.getConnectivityState(false);
    if (state === connectivityState.READY) {
      this.listener.onConnected(this.attachment);
    } else if (state !== connectivityState.SHUTDOWN) {
      channel.watchConnectivityState(state, Infinity, () => this.awaitConnection());
    }
  }

  send(header: FrameHeader | undefined, body: Uint8Array): void {
    if (this.sendsNoMore) {
      return;
    }
    const bytes = header === undefined ? Buffer.from(body.buffer, body.byteOffset, body.length) : writeFrame(header, body);
    if (!this.call.write(bytes)) {
      this.listener.onWritable(this.attachment, false);
    }
  }

  /** Asks for one more message. */
  request(): void {
    this.call.call?.startRead();
  }

  halfClose(): void {
    if (!this.sendsNoMore) {
      this.sendsNoMore = true;
      this.call.end();
      // A Writable that was full tells of no drain after its end. What the session has still to say opens another call.
      this.listener.onWritable(this.attachment, true);
    }
  }

  close(why: CloseReason): void {
    if (why === 'DONE' && this.attachment.handshakeComplete) {
      this.halfClose();
      // The end of the call stands behind what was not read.
      this.readsToTheEnd = true;
      this.request();
      this.patience = setTimeout(() => this.call.cancel(), DONE_PATIENCE_MILLIS).unref();
    } else {
      this.sendsNoMore = true;
      this.call.cancel();
    }
  }

  private onHeaders(headers: Metadata): void {
    const values = headers.get(HANDSHAKE_KEY);
    if (values.length === 0) {
      this.plain = true;
      this.listener.onHeaders(headers);
      this.listener.onPlainHeaders(this.attachment);
      return;
    }
    try {
      const welcome = readWelcome(onlyOne(values));
      headers.remove(HANDSHAKE_KEY);
      headers.remove(HANDOVER_KEY);
      this.listener.onHeaders(headers);
      this.listener.onWelcome(this.attachment, welcome);
    } catch (error) {
      this.breakOff('welcome', error);
    }
  }

  private onMessage(message: Buffer): void {
    if (this.readsToTheEnd) {
      this.request();
      return;
    }
    if (this.closed) {
      return;
    }
    try {
      const frame = this.plain ? undefined : readFrame(message);
      if (frame?.header.tag === this.attachment.tag) {
        this.listener.onFrame(this.attachment, frame.header, frame.body);
      } else {
        this.listener.onFrame(this.attachment, undefined, message);
      }
    } catch (error) {
      this.breakOff('frame', error);
    }
  }

  private onStatus(end: StatusObject): void {
    clearTimeout(this.patience);
    if (this.closed) {
      return;
    }
    this.closed = true;
    const values = end.metadata.get(HANDSHAKE_KEY);
    if (values.length > 0) {
      try {
        this.listener.onRefused(this.attachment, readRefusal(onlyOne(values)), end);
        return;
      } catch (error) {
        if (!(error instanceof WireError)) {
          throw error;
        }
        // A refusal that can't be read counts as a reset.
        this.listener.onClosed(this.attachment, { scope: 'stream', status: end.code }, end);
        return;
      }
    }
    this.listener.onClosed(this.attachment, this.closureOf(end), end);
  }

  /**
   * grpc-js does not tell a status of the server from one of its own. A connection that ends is always UNAVAILABLE to it; on a call that
   * was welcomed the codes of a reset count as one. A message above the own limit ends the session at once, by RESOURCE_EXHAUSTED.
   */
  private closureOf(end: StatusObject): CallClosure {
    const { code } = end;
    if (code === status.UNAVAILABLE) {
      return { scope: this.isReached() ? 'connection' : 'unreached', status: code };
    }
    const reset = code === status.CANCELLED || code === status.INTERNAL;
    return { scope: reset && this.attachment.handshakeComplete ? 'stream' : 'status', status: code };
  }

  /** Whether a connection was chosen for the call: until then its peer is the target of the channel. */
  private isReached(): boolean {
    const peer = this.call.getPeer();
    return peer !== 'unknown' && peer !== this.target.client.getChannel().getTarget();
  }

  private breakOff(what: string, error: unknown): void {
    if (!(error instanceof WireError)) {
      throw error;
    }
    this.closed = true;
    this.sendsNoMore = true;
    const end = { code: status.INTERNAL, details: `${what}: ${error.message}`, metadata: new Metadata() };
    this.call.cancel();
    this.listener.onClosed(this.attachment, { scope: 'stream', status: end.code }, end);
  }
}

/** Which of several values others believed nobody knows. */
function onlyOne(values: (string | Buffer)[]): Buffer {
  const [value] = values;
  if (values.length !== 1 || !(value instanceof Buffer)) {
    throw new WireError('BAD_VALUE', `${HANDSHAKE_KEY}: ${values.length} values (expected: 1)`);
  }
  return value;
}
