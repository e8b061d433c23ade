/**
 * A physical call that carries a session for a while, with the state that ends with the call. {@link ClientSession} has the state that
 * survives, and is alone to change this one.
 */
export class Attachment {
  /** Whether the server has welcomed this attachment. */
  handshakeComplete = false;
  /** Whether the server knows no sessions, or was taken for one that doesn't. */
  plain = false;

  /** What counts until a server answered. */
  readonly opening = {
    /** Whether no attachment before it can have reached a server. */
    first: false,
    mayWriteBeforeWelcome: false,
    mayExceedInitialCredit: false,
    /** Whether messages were written on it. */
    touched: false,
    /** Whether its call waits for its turn among other sessions that resume. */
    queued: false,
    helloSentAt: 0,
    /** Whether its call waits for a connection, so that no server can have heard of it. */
    helloUnsent: false,
    /** The time from which on a silence is that of a server. */
    silentSince: 0,
  };

  /** The direction from the server. */
  readonly inbound = {
    receivedAny: false,
    lastSeq: 0,
    heardAt: 0,
    /** Messages that the call was asked for and that have not come. */
    requested: 0,
    /** Whether it is not read, because too much waits for the application. */
    paused: false,
  };

  /** The direction to the server. */
  readonly outbound = {
    firstHeaderSent: false,
    halfClosed: false,
    /** Whether acks wait for credit or the server's silence, as each costs an attachment. */
    sparing: false,
    writable: true,
    /** Position that is sent next; 0 while none may be. */
    cursor: 0,
    sentAck: 0,
    sentCredit: 0,
    sentFlags: 0,
    sentAt: 0,
    /** Whether the server has missed an ack and must get it again. */
    ackRepeatDue: false,
  };

  /** The probes of both sides. */
  readonly probes = {
    /** Whether the server asks for signs of life. */
    peerProbes: false,
    /** Position whose ack the server waits for; 0 for none. */
    ackRequestedSeq: 0,
    echoDue: 0n,
    lastProbe: 0n,
    probeDue: false,
    /** A message that went with a probe, and the number of the probe; 0 for none. */
    suspectSeq: 0,
    suspectProbe: 0n,
    /** A message that has arrived for sure; 0 for none. */
    arrivedSeq: 0,
  };

  /**
   * @param number strictly ascending over the life of the session: the fencing token
   * @param tag in the frame headers of this attachment
   */
  constructor(
    readonly number: number,
    readonly tag: number,
    readonly openedAt: number,
  ) {
    this.opening.helloSentAt = openedAt;
    this.opening.silentSince = openedAt;
    this.inbound.heardAt = openedAt;
    this.outbound.sentAt = openedAt;
  }

  /** The server knows sessions, and carries this one from now on; `cursor` is the position that is sent next. */
  onWelcome(now: number, cursor: number): void {
    this.plain = false;
    this.handshakeComplete = true;
    this.inbound.receivedAny = true;
    this.inbound.heardAt = now;
    this.outbound.sentAt = now;
    this.outbound.cursor = cursor;
  }

  /** Whether nothing was heard for so long; never when that is 0, or while nothing is read. */
  isSilent(now: number, silence: number): boolean {
    return silence > 0 && !this.inbound.paused && now - this.inbound.heardAt >= silence;
  }
}
