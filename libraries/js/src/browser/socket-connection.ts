import { type GatewayStatus, parseStatus } from './errors.js';
import { HeartbeatDeadline } from './heartbeat-deadline.js';
import type { StreamSettings } from './options.js';
import type { Platform, PlatformSocket, PlatformSocketListener, Wake } from './platform.js';

/** The sub-protocol with a text every 15 s, since scripts don't see PINGs; the gateway's documentation has it. */
const WITH_HEARTBEATS = 'grpc-heartbeat+json';
/** A gateway that knows no heartbeats selects the second one. */
const PROTOCOLS = [WITH_HEARTBEATS, 'grpc+json'];
/** The code of a connection that ended without a closing handshake. */
const BROKEN = 1006;
/** Time after the handshake within which the gateway says that it keeps a stream. */
const SESSION_MILLIS = 1_000;

/** The stream of a connection. */
export interface SocketConnectionListener {
  /** The gateway keeps the stream, and has the first messages of this side. */
  onAttached(session: string, received: number): void;
  /** The gateway does not keep the stream, or has not said so in time. */
  onPlain(): void;
  onMessage(value: object): void;
  onHeartbeat(): void;
  /** The last call. */
  onClosed(connection: SocketConnection, status: GatewayStatus | undefined, cause: string): void;
}

/** A WebSocket of a stream, from its handshake to its end. */
export class SocketConnection implements PlatformSocketListener {
  /** Whether messages can be sent. */
  isAttached = false;
  isHalfClosed = false;
  /** Whether the gateway has read everything that was sent before `reattach`. */
  isRead = false;
  /** Whether the connection ended because nothing arrived. */
  isSilent = false;

  private readonly socket: PlatformSocket;
  private timer: unknown;
  private readonly deadline: HeartbeatDeadline;
  private status: GatewayStatus | undefined;
  private dropped = false;
  private closing = false;
  private opened = false;

  /**
   * @param mayBePlain whether the connection may carry a stream that is not kept, as the first one of a stream may
   * @param firstTimeoutMillis the heartbeat timeout until the first message or heartbeat
   */
  constructor(
    url: string,
    private readonly mayBePlain: boolean,
    firstTimeoutMillis: number,
    private readonly settings: StreamSettings,
    private readonly platform: Platform,
    private readonly listener: SocketConnectionListener,
  ) {
    this.deadline = new HeartbeatDeadline(platform, firstTimeoutMillis, () => {
      this.isSilent = true;
      this.fail(`silent for ${Math.floor(this.deadline.silentMillis)} ms`);
    });
    this.timer = platform.setTimer(() => this.fail(`no answer within ${settings.handshakeMillis} ms`), settings.handshakeMillis);
    this.socket = platform.openSocket(url, PROTOCOLS, this);
  }

  send(text: string): void {
    if (!this.closing) {
      this.socket.send(text);
    }
  }

  /** Says that no more messages follow. */
  halfClose(): void {
    this.isHalfClosed = true;
    this.send('');
  }

  /** Ends this connection once the gateway has read everything; the stream attaches again then. */
  reattach(): void {
    if (!this.closing) {
      this.closing = true;
      this.deadline.onHeard();
      this.socket.close();
    }
  }

  /** Whether the connection may be dead without a sign of it. */
  isSuspect(why: Wake): boolean {
    return why === 'network' || (this.isAttached && this.deadline.silentMillis >= this.settings.suspectMillis);
  }

  /** Ends the connection; the listener hears no more of it. */
  drop(): void {
    this.dropped = true;
    this.stopTimers();
    this.socket.close();
  }

  onOpen(protocol: string): void {
    this.opened = true;
    this.deadline.onHeard();
    if (protocol === WITH_HEARTBEATS && !this.dropped) {
      this.deadline.start();
    }
    if (this.mayBePlain && !this.dropped && !this.isAttached) {
      this.platform.clearTimer(this.timer);
      this.timer = this.platform.setTimer(() => this.attachPlain(), SESSION_MILLIS);
    }
  }

  onText(text: string): void {
    if (this.dropped || this.closing) {
      return;
    }
    this.deadline.onHeard();
    let value: Record<string, unknown>;
    try {
      value = JSON.parse(text) as Record<string, unknown>;
    } catch {
      this.fail(`a text that is no JSON: ${text.slice(0, 100)}`);
      return;
    }
    if ('@session' in value) {
      const session = value['@session'] as { id: string; received: number };
      this.attach();
      this.listener.onAttached(session.id, session.received);
    } else if ('@status' in value) {
      this.status = parseStatus(value['@status']);
    } else {
      this.deadline.limit(this.settings.heartbeatTimeoutMillis);
      if ('@heartbeat' in value) {
        this.listener.onHeartbeat();
      } else {
        this.attachPlain();
        this.listener.onMessage(value);
      }
    }
  }

  onClose(code: number): void {
    if (!this.dropped) {
      this.dropped = true;
      this.stopTimers();
      this.isRead = this.closing && code !== BROKEN;
      this.listener.onClosed(this, this.status, this.opened ? `closed with ${code}` : 'no connection');
    }
  }

  private stopTimers(): void {
    this.platform.clearTimer(this.timer);
    this.deadline.stop();
  }

  private attach(): void {
    this.platform.clearTimer(this.timer);
    this.isAttached = true;
  }

  private attachPlain(): void {
    if (!this.isAttached) {
      this.attach();
      this.listener.onPlain();
    }
  }

  private fail(cause: string): void {
    if (!this.dropped) {
      this.drop();
      this.listener.onClosed(this, this.status, cause);
    }
  }
}
