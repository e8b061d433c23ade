package dev.holdfast.duplex.conformance.reference;

import dev.holdfast.duplex.conformance.implementation.JsonLine;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;

/** The roles in which a reference server stands alone, for somebody who tries a client by hand. */
public enum PeerRole {
  /** Answers each message with itself, and the half-close with status 0. */
  ECHO,
  /** Sends 100,000 messages as fast as they are taken, then status 0. */
  FLOOD,
  /** Takes everything and says nothing, until the half-close. */
  SINK,
  /** Ends with FAILED_PRECONDITION at the first message. */
  FAIL,
  /** As ECHO, and the instance leaves at the tenth message of any stream. */
  DRAIN;

  private static final int FLOODED = 100_000;
  private static final int DRAINED_AT = 10;
  private static final long GRACE_MILLIS = 10_000;
  private static final long FAILED_PRECONDITION = 9;

  /** The role of a name in lower case. */
  public static PeerRole of(String name) {
    for (PeerRole each : values()) {
      if (each.word().equals(name)) {
        return each;
      }
    }
    throw new IllegalArgumentException(name + " (expected: echo, flood, sink, fail or drain)");
  }

  private String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Starts a server in this role. */
  public ReferenceServer serve(InetSocketAddress address) throws IOException {
    ReferenceServer[] started = new ReferenceServer[1];
    started[0] =
        new ReferenceServer(
            address,
            ReferenceOptions.of(JsonLine.of("do", word()), EnumSet.noneOf(ServerFault.class)),
            (stream, unused) ->
                new Application(this, stream, () -> started[0].drain(GRACE_MILLIS)));
    return started[0];
  }

  /** The application of one stream in a role. */
  private static final class Application implements ReferenceHandler {
    private final PeerRole role;
    private final ReferenceStream stream;
    private final Runnable drain;
    private int sent;
    private int received;

    Application(PeerRole role, ReferenceStream stream, Runnable drain) {
      this.role = role;
      this.stream = stream;
      this.drain = drain;
    }

    @Override
    public void onReady() {
      while (role == FLOOD && sent < FLOODED && stream.isReady()) {
        sent++;
        stream.send(dev.holdfast.duplex.conformance.wire.TextMessage.encode("flood-" + sent));
        if (sent == FLOODED) {
          stream.finish(0, "", Map.of());
        }
      }
    }

    @Override
    public void onMessage(byte[] message) {
      received++;
      switch (role) {
        case ECHO -> stream.send(message);
        case FAIL -> stream.finish(FAILED_PRECONDITION, "as this role does", Map.of());
        case DRAIN -> {
          stream.send(message);
          if (received == DRAINED_AT) {
            drain.run();
          }
        }
        case FLOOD, SINK -> {}
      }
    }

    @Override
    public void onHalfClose() {
      if (role != FLOOD) {
        stream.finish(0, "", Map.of());
      }
    }

    @Override
    public void onEnd(String reason) {
      System.out.println("stream ended: " + reason + " after " + received + " messages");
    }
  }
}
