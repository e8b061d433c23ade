import { Code, type GatewayStatus, LostError, type LossKind, StreamError, type StreamPositions, errorOf, parseStatus, statusOf } from './errors.js';
import { EventParser, type ServerSentEvent } from './event-parser.js';
import { HeartbeatDeadline } from './heartbeat-deadline.js';
import { MessageQueue } from './message-queue.js';
import { type EventStreamOptions, type StreamSettings, settingsOf } from './options.js';
import { type Platform, type PlatformResponse, type Wake, browserPlatform } from './platform.js';
import { Reconnection } from './reconnection.js';
import type { StreamState } from './socket-stream.js';

/** Statuses of HTTP after which another attempt may succeed. */
const TRANSIENT = new Set([429, 500, 502, 503, 504]);
const EVENT_ID = /^[^.]+\.(\d+)$/;

/** A request for events, from its begin to the end of its response. */
interface Exchange {
  readonly abort: AbortController;
  readonly deadline: HeartbeatDeadline;
  isOpen: boolean;
}

/**
 * The messages of one gRPC method with a single request, as server-sent events of a gateway, that outlives its connections. Each
 * message arrives once and in order, or the stream ends with a {@link LostError}. Any other status that is not OK is thrown as a
 * {@link StreamError}. It is read by one `for await`; leaving the loop cancels the stream.
 *
 * The response is not read further than `receiveMessages` ahead of the application.
 */
export class EventStream<Response> implements AsyncIterable<Response> {
  /** The status of the call; never rejected. */
  readonly status: Promise<GatewayStatus>;

  private readonly settings: StreamSettings;
  private readonly reconnection: Reconnection;
  private readonly messages: MessageQueue<Response>;
  private readonly stopWaking: () => void;
  private readonly abort = (): void => this.cancel(this.options.signal?.reason);
  private resolveStatus: (status: GatewayStatus) => void = () => {};
  private resolveRoom: (() => void) | undefined;
  private exchange: Exchange | undefined;
  private lastId = '';
  private received = 0;
  private over = false;

  /**
   * Opens the stream.
   *
   * @param url of the method, with all fields of the request unless `body` has them
   * @throws RangeError for an option out of its bounds
   */
  constructor(
    private readonly url: string,
    private readonly options: EventStreamOptions = {},
    private readonly platform: Platform = browserPlatform,
  ) {
    this.settings = settingsOf(options);
    this.messages = new MessageQueue(
      () => this.onProcessed(),
      () => this.cancel(),
    );
    this.status = new Promise((resolve) => (this.resolveStatus = resolve));
    this.reconnection = new Reconnection(platform, this.settings, options, {
      attempt: () => void this.attempt(),
      onUnreachable: (cause) => this.lose('UNREACHABLE', `no connection to the gateway: ${cause}`),
    });
    this.stopWaking = platform.onWake((why) => this.wake(why));
    options.signal?.addEventListener('abort', this.abort);
    if (options.signal?.aborted === true) {
      this.abort();
    } else {
      void this.attempt();
    }
  }

  get state(): StreamState {
    return this.over ? 'closed' : this.exchange?.isOpen === true ? 'open' : 'connecting';
  }

  /** The messages that arrived. */
  get positions(): StreamPositions {
    return { received: this.received, arrived: 0, written: 0 };
  }

  /** Ends the stream with CANCELLED. The gateway cancels the call when the time of the session has passed. */
  cancel(reason?: unknown): void {
    this.finish(new StreamError(statusOf(Code.CANCELLED, 'cancelled by the client'), reason === undefined ? {} : { cause: reason }));
  }

  [Symbol.asyncIterator](): AsyncIterator<Response, undefined> {
    return this.messages;
  }

  private async attempt(): Promise<void> {
    const { handshakeMillis, heartbeatTimeoutMillis } = this.settings;
    const onSilent = (): void => this.drop(exchange, `silent for ${Math.floor(deadline.silentMillis)} ms`);
    const deadline = new HeartbeatDeadline(this.platform, heartbeatTimeoutMillis, onSilent);
    const exchange: Exchange = { abort: new AbortController(), deadline, isOpen: false };
    this.exchange = exchange;
    const timer = this.platform.setTimer(() => this.drop(exchange, `no answer within ${handshakeMillis} ms`), handshakeMillis);
    try {
      const response = await this.platform.fetch(this.url, {
        method: this.options.body === undefined ? 'GET' : 'POST',
        headers: this.headers(),
        ...(this.options.body === undefined ? {} : { body: this.options.body }),
        cache: 'no-store',
        credentials: this.options.credentials ?? 'same-origin',
        signal: exchange.abort.signal,
      });
      if (response.status === 200) {
        this.platform.clearTimer(timer);
      }
      if (this.exchange === exchange) {
        await this.take(exchange, response);
      }
    } catch (error) {
      this.drop(exchange, error instanceof Error ? error.message : String(error));
    } finally {
      this.platform.clearTimer(timer);
    }
  }

  private headers(): Record<string, string> {
    return {
      ...(this.options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...this.options.headers?.(),
      accept: 'text/event-stream',
      ...(this.lastId === '' ? {} : { 'last-event-id': this.lastId }),
    };
  }

  private async take(exchange: Exchange, response: PlatformResponse): Promise<void> {
    if (response.status === 204) {
      this.finish('OK');
    } else if (response.status !== 200) {
      const text = await response.text();
      if (this.exchange !== exchange) {
        return;
      }
      if (TRANSIENT.has(response.status)) {
        this.drop(exchange, `HTTP ${response.status}`);
      } else {
        this.finish(errorOf(httpStatus(response.status, text), this.positions));
      }
    } else {
      exchange.isOpen = true;
      exchange.deadline.start();
      this.reconnection.onConnected();
      await this.read(exchange, response);
    }
  }

  private async read(exchange: Exchange, response: PlatformResponse): Promise<void> {
    const parser = new EventParser(this.settings.maxEventChars);
    const reader = response.body?.getReader();
    for (;;) {
      const part = (await reader?.read()) ?? { done: true };
      if (this.exchange !== exchange) {
        return;
      }
      if (part.done) {
        this.drop(exchange, 'the response ended');
        return;
      }
      exchange.deadline.onHeard();
      try {
        parser.feed(part.value ?? new Uint8Array()).forEach((event) => this.dispatch(exchange, event));
      } catch (error) {
        const what = error instanceof Error ? error.message : String(error);
        this.finish(new StreamError(statusOf(error instanceof RangeError ? Code.RESOURCE_EXHAUSTED : Code.INTERNAL, what)));
      }
      if (this.messages.size >= this.settings.receiveMessages && this.exchange === exchange) {
        await this.room(exchange);
      }
    }
  }

  /** Waits until the application has read; the silence of a response that is not read says nothing. */
  private async room(exchange: Exchange): Promise<void> {
    exchange.deadline.stop();
    while (this.messages.size >= this.settings.receiveMessages && this.exchange === exchange) {
      await new Promise<void>((resolve) => (this.resolveRoom = resolve));
    }
    if (this.exchange === exchange) {
      exchange.deadline.start();
    }
  }

  private dispatch(exchange: Exchange, event: ServerSentEvent): void {
    if (this.exchange !== exchange) {
      return;
    }
    if (event.name === 'end') {
      this.finish('OK');
    } else if (event.name === 'error') {
      const status = parseStatus(JSON.parse(event.data));
      // The gateway's own end has the id of the last message, that of the service one of its own.
      if (status.code === Code.UNAVAILABLE && event.id === this.lastId && event.id !== '') {
        this.drop(exchange, `status ${status.code}: ${status.message}`);
      } else {
        this.finish(errorOf(status, this.positions));
      }
    } else if (event.name === 'message' && this.isNext(event.id)) {
      this.received++;
      this.lastId = event.id;
      this.messages.push(JSON.parse(event.data) as Response);
    }
  }

  /** Whether the event with an id is the next message; ends the stream where messages are missing. */
  private isNext(id: string): boolean {
    if (id === '') {
      return true;
    }
    const position = Number(EVENT_ID.exec(id)?.[1]);
    if (position > this.received + 1 || Number.isNaN(position)) {
      this.lose('REFUSED', `event ${position} (expected: ${this.received + 1})`);
    }
    return position === this.received + 1;
  }

  private onProcessed(): void {
    const room = this.resolveRoom;
    if (room !== undefined && this.messages.size < this.settings.receiveMessages) {
      this.resolveRoom = undefined;
      room();
    }
  }

  private wake(why: Wake): void {
    const exchange = this.exchange;
    const isSilent = exchange?.isOpen === true && exchange.deadline.silentMillis >= this.settings.suspectMillis;
    if (exchange !== undefined && (why === 'network' || isSilent)) {
      this.drop(exchange, why === 'network' ? 'the network changed' : 'silent while the page slept');
    }
    this.reconnection.wake();
  }

  /** Ends an exchange that has not ended the stream; the stream goes on with another one. */
  private drop(exchange: Exchange, cause: string): void {
    if (this.exchange !== exchange) {
      return;
    }
    this.leave();
    if (this.received > 0 && this.lastId === '') {
      this.lose('NOT_KEPT', `the connection broke (${cause}), and the gateway did not keep the stream`);
    } else {
      this.reconnection.onLost(cause);
    }
  }

  private leave(): void {
    const exchange = this.exchange;
    this.exchange = undefined;
    this.resolveRoom?.();
    this.resolveRoom = undefined;
    exchange?.deadline.stop();
    exchange?.abort.abort();
  }

  private lose(kind: LossKind, what: string): void {
    this.finish(new LostError(kind, this.positions, statusOf(Code.UNAVAILABLE, what)));
  }

  private finish(how: StreamError | 'OK'): void {
    if (this.over) {
      return;
    }
    this.over = true;
    this.stopWaking();
    this.options.signal?.removeEventListener('abort', this.abort);
    this.reconnection.close();
    this.leave();
    this.messages.finish(how);
    this.resolveStatus(how === 'OK' ? statusOf(Code.OK, '') : how.status);
  }
}

/** The status in the body of a response that is no stream. */
function httpStatus(status: number, body: string): GatewayStatus {
  try {
    const parsed = parseStatus(JSON.parse(body));
    return parsed.code === Code.OK ? statusOf(Code.UNKNOWN, `HTTP ${status}`) : parsed;
  } catch {
    return statusOf(Code.UNKNOWN, `HTTP ${status}`);
  }
}
