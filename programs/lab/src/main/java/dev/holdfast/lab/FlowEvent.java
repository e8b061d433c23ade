package dev.holdfast.lab;

import dev.holdfast.core.JsonTextWriter;
import java.time.Duration;
import java.util.Locale;

/**
 * An event of a connection through a {@link Middlebox}.
 *
 * @param at since the middlebox was started, by its own clock (not scaled)
 * @param flow the number of the connection, from 1 in order of arrival
 * @param kind what happened
 * @param detail more about it: who, how many; may be empty; ASCII without quotes
 */
public record FlowEvent(Duration at, int flow, FlowEventKind kind, String detail) {
  private static final double NANOS_PER_SECOND = 1e9;

  /** The kinds of events of a connection. */
  public enum FlowEventKind {
    /** Accepted, and connected to the target. */
    OPENED,
    /** The target refused or did not answer; the client was reset. */
    TARGET_REFUSED,
    /** More connections than {@link Middlebox#MAX_FLOWS}; this one was reset. */
    TOO_MANY,
    /** Was quiet for too long and is forgotten; nothing gets through from now on. */
    IDLE_DROPPED,
    /** Was quiet for too long; the next packet will be answered by a reset. */
    IDLE_FORGOTTEN,
    /** The answer to a packet of a forgotten connection. */
    RST,
    /** Was quiet for too long and was closed on both sides. */
    IDLE_CLOSED,
    /** A GOAWAY was sent to the client. */
    GOAWAY,
    /** A stream without DATA was ended. */
    STREAM_ENDED,
    /** A PING that the hop answered itself. */
    PING_ANSWERED,
    /** All packets of a direction are lost from now on. */
    LOSS_BEGAN,
    /** The server's side was reset, and the client was not notified. */
    HALF_OPEN,
    /** Reset on both sides in the middle of the bytes. */
    CUT,
    /** The connection was dropped by {@link Middlebox#forgetFlows()}. */
    FORGOTTEN,
    /** Reset by {@link Middlebox#resetFlows()} or by closing the middlebox. */
    RESET,
    /** A fault that needs HTTP/2 without TLS met something else. */
    NOT_HTTP2,
    /** The client or the server closed or reset the connection. */
    ENDED;

    /** As in logs: {@code idle-dropped}. */
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** The event as a line of JSON, without the newline. */
  public String toJson() {
    return new JsonTextWriter()
        .object()
        .with("at", at.toNanos() / NANOS_PER_SECOND)
        .with("flow", flow)
        .with("event", kind.text())
        .with("detail", detail.replaceAll("[^ !#-\\[\\]-~]", "?"))
        .endObject()
        .toString();
  }
}
