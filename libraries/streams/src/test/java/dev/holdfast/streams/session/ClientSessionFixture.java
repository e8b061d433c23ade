package dev.holdfast.streams.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionToken;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A client's half of a session, with its peer and time in the hands of the test. */
abstract class ClientSessionFixture {
  private static final SessionId ID = new SessionId(1, 2);
  private static final SessionToken TOKEN =
      new SessionTokenIssuer(new byte[16]).issue(ID, "p", "m", "");
  static final Payload BODY = Payload.of(new byte[] {1, 2, 3});

  long now;
  final List<SessionOutput> outputs = new ArrayList<>();
  ClientSession session = session(SessionOptions.DEFAULT);
  private @Nullable StreamAttachment taken;

  static ClientSession session(SessionOptions options) {
    return new ClientSession(ID, options, SessionRules.STANDARD, new SplittableRandom(7));
  }

  StreamAttachment start(ClientSession.Peer peer) {
    session.start(now, Duration.ZERO, peer);
    drain();
    return nextAttachment();
  }

  static Welcome welcome(long watermark, long low) {
    return new Welcome(TOKEN, watermark, low, 256, 120_000, 16, 50, 0);
  }

  void offer(int messages) {
    for (int i = 0; i < messages; i++) {
      assertThat(session.offer(BODY)).isTrue();
    }
    drain();
  }

  void cut(StreamAttachment attachment) {
    session.onClosed(now, attachment, CallClosure.connection());
    drain();
  }

  /** The attachment that was opened last, or the next one, for which time passes. */
  StreamAttachment nextAttachment() {
    for (int i = 0; i < 100; i++) {
      StreamAttachment last = opened().get(opened().size() - 1).attachment();
      if (last != taken) {
        taken = last;
        return last;
      }
      now = session.nextDeadlineNanos().orElseThrow();
      session.onTimeout(now);
      drain();
    }
    throw new AssertionError("no attachment was opened");
  }

  void pass(Duration time) {
    now += time.toNanos();
    session.onTimeout(now);
    drain();
  }

  void drain() {
    for (SessionOutput out = session.poll(now); out != null; out = session.poll(now)) {
      outputs.add(out);
    }
  }

  List<SessionOutput.Send> sent() {
    return outputs.stream()
        .filter(SessionOutput.Send.class::isInstance)
        .map(SessionOutput.Send.class::cast)
        .filter(send -> send.header() == null || send.header().seq() > 0 || isControl(send))
        .toList();
  }

  private static boolean isControl(SessionOutput.Send send) {
    FrameHeader header = send.header();
    return header != null && header.has(Flag.CANCEL);
  }

  /** The headers of all frames so far. */
  List<FrameHeader> headers() {
    return outputs.stream()
        .filter(SessionOutput.Send.class::isInstance)
        .map(output -> ((SessionOutput.Send) output).header())
        .filter(Objects::nonNull)
        .map(Objects::requireNonNull)
        .toList();
  }

  List<SessionOutput.StartCall> opened() {
    return outputs.stream()
        .filter(SessionOutput.StartCall.class::isInstance)
        .map(SessionOutput.StartCall.class::cast)
        .toList();
  }

  SessionEnd end() {
    return Objects.requireNonNull(session.end());
  }
}
