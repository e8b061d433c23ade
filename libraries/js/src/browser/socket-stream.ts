import { Code, type GatewayStatus, LostError, type LossKind, StreamError, type StreamPositions, errorOf, statusOf } from './errors.js';
import { MessageQueue } from './message-queue.js';
import { MOST_MILLIS, type SocketStreamOptions, type StreamSettings, settingsOf } from './options.js';
import { type Platform, type Wake, browserPlatform } from './platform.js';
import { Reconnection } from './reconnection.js';
import { SendQueue } from './send-queue.js';
import { SocketConnection, type SocketConnectionListener } from './socket-connection.js';

/** Bound of the factor by which the first heartbeat timeout of a connection grows. */
const MOST_PATIENCE = 16;

/** The state of a stream: whether it has a connection. */
export type StreamState = 'connecting' | 'open' | 'closed';

/**
 * One gRPC call through a gateway that outlives its WebSockets. Each message arrives once and in order, in both directions, or the
 * stream ends with a {@link LostError}. Any other status that is not OK is thrown to the reader and to writers as a {@link StreamError}.
 *
 * It is read by one `for await`; asking for the next message says that the one before was processed, which acknowledges it to the
 * gateway. Leaving the loop cancels the stream.
 */
export class SocketStream<Request, Response> implements AsyncIterable<Response>, SocketConnectionListener {
  /** The status of the call; never rejected. */
  readonly status: Promise<GatewayStatus>;

  private readonly settings: StreamSettings;
  private readonly reconnection: Reconnection;
  private readonly sends: SendQueue;
  private readonly messages: MessageQueue<Response>;
  private readonly stopWaking: () => void;
  private readonly abort = (): void => this.cancel(this.options.signal?.reason);
  private resolveStatus: (status: GatewayStatus) => void = () => {};
  private connection: SocketConnection | undefined;
  private session = '';
  private received = 0;
  private silences = 0;
  private processed = 0;
  private acknowledged = 0;
  private halfClosed = false;
  private over: StreamError | 'OK' | undefined;

  /**
   * Opens the stream.
   *
   * @param url of the method, `ws:` or `wss:`; the query may have fields of the request
   * @throws RangeError for an option out of its bounds
   */
  constructor(
    private readonly url: string,
    private readonly options: SocketStreamOptions = {},
    private readonly platform: Platform = browserPlatform,
  ) {
    this.settings = settingsOf(options);
    this.sends = new SendQueue(this.settings.sendMessages, this.settings.sendBytes);
    this.messages = new MessageQueue(
      (count, waits) => this.onProcessed(count, waits),
      () => this.cancel(),
    );
    this.status = new Promise((resolve) => (this.resolveStatus = resolve));
    this.reconnection = new Reconnection(platform, this.settings, options, {
      attempt: () => this.attempt(),
      onUnreachable: (cause) => this.lose('UNREACHABLE', `no connection to the gateway: ${cause}`),
    });
    this.stopWaking = platform.onWake((why) => this.wake(why));
    options.signal?.addEventListener('abort', this.abort);
    if (options.signal?.aborted === true) {
      this.abort();
    } else {
      this.attempt();
    }
  }

  get state(): StreamState {
    return this.over !== undefined ? 'closed' : this.connection?.isAttached === true ? 'open' : 'connecting';
  }

  /** The known positions of both sides. */
  get positions(): StreamPositions {
    return { received: this.received, arrived: this.sends.arrived, written: this.sends.written };
  }

  /**
   * Sends a message.
   *
   * @returns a promise that resolves when there is room for more; await it
   */
  write(message: Request): Promise<void> {
    if (this.over !== undefined) {
      const error = this.over === 'OK' ? new StreamError(statusOf(Code.CANCELLED, 'the call has ended (expected: no more writes)')) : this.over;
      return Promise.reject(error);
    }
    if (this.halfClosed) {
      return Promise.reject(new Error('a write after end() (expected: none)'));
    }
    const room = this.sends.add(JSON.stringify(message));
    this.pump();
    return room;
  }

  /** Half-closes: no more messages are written. */
  end(): void {
    this.halfClosed = true;
    this.pump();
  }

  /** Ends the stream with CANCELLED. The gateway cancels the call when the time of the session has passed. */
  cancel(reason?: unknown): void {
    this.finish(new StreamError(statusOf(Code.CANCELLED, 'cancelled by the client'), reason === undefined ? {} : { cause: reason }));
  }

  [Symbol.asyncIterator](): AsyncIterator<Response, undefined> {
    return this.messages;
  }

  /** Called by the connection. */
  onAttached(session: string, received: number): void {
    this.session = session;
    this.acknowledged = 0;
    try {
      this.sends.onArrived(received);
    } catch (error) {
      this.finish(error as StreamError);
      return;
    }
    this.onUsable();
  }

  /** Called by the connection: the gateway does not keep the stream, or has not said so. */
  onPlain(): void {
    this.onUsable();
  }

  /** Called by the connection. */
  onMessage(value: object): void {
    this.received++;
    this.silences = 0;
    this.messages.push(value as Response);
  }

  /** Called by the connection. */
  onHeartbeat(): void {
    this.silences = 0;
  }

  /** Called by the connection, at its end; never after `drop`. */
  onClosed(connection: SocketConnection, status: GatewayStatus | undefined, cause: string): void {
    this.connection = undefined;
    this.silences += connection.isSilent ? 1 : 0;
    if (status !== undefined) {
      // UNAVAILABLE after the gateway attached this side may be of the gateway alone; the next attempt is told.
      if (status.code !== Code.UNAVAILABLE || !connection.isAttached || this.session === '') {
        this.finish(status.code === Code.OK ? 'OK' : errorOf(status, this.positions));
        return;
      }
    } else if (connection.isRead) {
      this.attempt();
      return;
    } else if (connection.isAttached && this.session === '' && this.received + this.sends.written > 0) {
      this.lose('NOT_KEPT', `the connection broke (${cause}), and the gateway did not keep the stream`);
      return;
    }
    this.reconnection.onLost(status === undefined ? cause : `status ${status.code}: ${status.message}`);
  }

  private attempt(): void {
    this.sends.onConnection();
    const parameters = this.session === '' ? '@session=new&@ack=true' : `@session=${this.session}&@after=${this.received}`;
    const url = `${this.url}${this.url.includes('?') ? '&' : '?'}${parameters}`;
    // A message arrives as a whole. One that takes longer than the timeout gets twice the time on each further connection.
    const patience = Math.min(2 ** this.silences, MOST_PATIENCE);
    const timeoutMillis = Math.min(this.settings.heartbeatTimeoutMillis * patience, MOST_MILLIS);
    this.connection = new SocketConnection(url, this.session === '', timeoutMillis, this.settings, this.platform, this);
  }

  private onUsable(): void {
    this.reconnection.onConnected();
    this.pump();
    this.acknowledge(this.messages.size === 0);
  }

  private pump(): void {
    const connection = this.connection;
    if (connection === undefined || !connection.isAttached) {
      return;
    }
    for (let text = this.sends.poll(); text !== undefined; text = this.sends.poll()) {
      connection.send(text);
    }
    if (this.halfClosed && !this.sends.isFull && !connection.isHalfClosed) {
      connection.halfClose();
    } else if (this.sends.isFull && this.session !== '') {
      // The gateway says what it has when it attaches. The closing handshake lets it read everything before.
      connection.reattach();
    }
  }

  private onProcessed(count: number, waits: boolean): void {
    this.processed = count;
    this.acknowledge(waits);
  }

  private acknowledge(waits: boolean): void {
    const behind = this.processed - this.acknowledged;
    if (this.session !== '' && this.connection?.isAttached === true && behind > 0 && (waits || behind >= this.settings.ackEvery)) {
      this.acknowledged = this.processed;
      this.connection.send(`{"@ack":${this.processed}}`);
    }
  }

  private wake(why: Wake): void {
    if (this.connection?.isSuspect(why) === true) {
      this.connection.drop();
      this.connection = undefined;
      this.reconnection.onLost(why === 'network' ? 'the network changed' : 'silent while the page slept');
    }
    this.reconnection.wake();
  }

  private lose(kind: LossKind, what: string): void {
    this.finish(new LostError(kind, this.positions, statusOf(Code.UNAVAILABLE, what)));
  }

  private finish(how: StreamError | 'OK'): void {
    if (this.over !== undefined) {
      return;
    }
    this.over = how;
    this.stopWaking();
    this.options.signal?.removeEventListener('abort', this.abort);
    this.reconnection.close();
    this.connection?.drop();
    this.connection = undefined;
    this.sends.fail(how === 'OK' ? new StreamError(statusOf(Code.CANCELLED, 'the call has ended')) : how);
    this.messages.finish(how);
    this.resolveStatus(how === 'OK' ? statusOf(Code.OK, '') : how.status);
  }
}
