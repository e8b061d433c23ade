package dev.holdfast.bench.attacks;

import java.util.Locale;

/** The attacks of hostile clients on a proxy. */
public enum Attack {
  /** Large answers to a client that takes none of them. */
  STALLED_STREAMS(1, true, CallAttacks::stalledStreams),
  /** Requests of HTTP/1.1 one behind the other, of which no answer is read. */
  PIPELINED_HTTP1(4, true, Http1Attacks::pipelined),
  /** Requests with a header that no gateway should pass on, and DATA behind them. */
  REFUSED_HEADERS(4, true, CallAttacks::refusedHeaders),
  /** Requests that end with trailers. */
  REQUEST_TRAILERS(4, true, CallAttacks::requestTrailers),
  /** DATA of a byte each. */
  TINY_DATA(4, true, FrameAttacks::tinyData),
  /** WINDOW_UPDATE by a byte each. */
  WINDOW_UPDATES(4, true, FrameAttacks::windowUpdates),
  /** Priorities of streams that don't exist. */
  PRIORITIES(4, true, FrameAttacks::priorities),
  /** Frames of a type that nobody knows. */
  UNKNOWN_FRAMES(4, true, FrameAttacks::unknownFrames),
  /** Calls that are reset as soon as they are begun. */
  RAPID_RESETS(4, true, CallAttacks::rapidResets),
  /** Calls that have no time, so that the proxy ends them by itself. */
  NO_TIME(4, true, CallAttacks::noTime),
  /** Messages that begin and don't go on, 6,000 of them. */
  STALLED_UPLOADS(50, true, CallAttacks::stalledUploads),
  /** Messages of WebSocket that don't end. */
  UNFINISHED_WEBSOCKETS(300, false, Http1Attacks::unfinishedWebSockets),
  /** JSON that says its types last, level in level. */
  NESTED_ANY(2, false, Http1Attacks::nestedAny);

  private final int clients;
  private final boolean general;
  private final AttackClient attackClient;

  Attack(int clients, boolean general, AttackClient attackClient) {
    this.clients = clients;
    this.general = general;
    this.attackClient = attackClient;
  }

  /** A client of an attack, which goes on until its connection is closed. */
  interface AttackClient {
    /**
     * Connects to the target and attacks until the connection is closed.
     *
     * @throws java.io.IOException when the peer ended the connection
     */
    void run(AttackTarget attackTarget) throws Exception;
  }

  /** The name of the attack in tables and on command lines. */
  public String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The number of simultaneous connections of the attack. */
  public int clients() {
    return clients;
  }

  /** Whether every proxy of gRPC is open to it, and not only those that translate. */
  public boolean isGeneral() {
    return general;
  }

  AttackClient attackClient() {
    return attackClient;
  }
}
