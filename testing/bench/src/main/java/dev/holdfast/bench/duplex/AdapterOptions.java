package dev.holdfast.bench.duplex;

import dev.holdfast.core.Backoff;
import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.streams.FirstMessage;
import dev.holdfast.streams.SessionOptions;
import java.time.Duration;
import java.util.List;

/** The options of a command, as options of the libraries. */
final class AdapterOptions {
  /** All options and commands of this adapter. */
  static final List<String> SUPPORTED =
      List.of(
          "ackEvery",
          "ackDelayMs",
          "ttlMs",
          "handshakeMs",
          "assumePlainMs",
          "heartbeatMs",
          "suspectMs",
          "deadMs",
          "rotateMs",
          "backoffBaseMs",
          "backoffCapMs",
          "receiveMessages",
          "receiveBytes",
          "sendMessages",
          "sendBytes",
          "waitForWelcome",
          "deadlineMs",
          "reading",
          "tokenKey",
          "address",
          "onlyInstance",
          "principalHeader",
          "drain",
          "cursor",
          "no-side-effects",
          "channel",
          "server-streaming",
          "client-streaming",
          "half-duplex",
          "held-response",
          "hand-over",
          "restart");

  private static final long LARGE = 512 * 1024;

  private AdapterOptions() {}

  static SessionOptions of(JsonLine options) {
    SessionOptions defaults = SessionOptions.DEFAULT;
    SessionOptions.Timing times = defaults.timing();
    SessionOptions.Timing timing =
        new SessionOptions.Timing(
            millis(options, "ackDelayMs", times.ackDelay()),
            millis(options, "ttlMs", times.ttl()),
            millis(options, "handshakeMs", times.handshake()),
            millis(options, "assumePlainMs", times.assumePlain()),
            millis(options, "heartbeatMs", times.heartbeat()),
            millis(options, "suspectMs", times.suspect()),
            times.race(),
            millis(options, "deadMs", times.dead()),
            millis(options, "rotateMs", times.rotate()),
            new Backoff.BackoffOptions(
                millis(options, "backoffBaseMs", times.backoff().base()),
                millis(options, "backoffCapMs", times.backoff().cap())));
    return defaults
        .withSendBuffer(
            (int) number(options, "sendMessages", defaults.sendMessages()),
            number(options, "sendBytes", defaults.sendBytes()))
        .withReceiveBuffer(
            (int) number(options, "receiveMessages", defaults.receiveMessages()),
            number(options, "receiveBytes", LARGE))
        .withAckEvery((int) number(options, "ackEvery", defaults.ackEvery()))
        .withFirstMessage(
            options.number("waitForWelcome") == 1
                ? FirstMessage.AFTER_WELCOME
                : FirstMessage.AT_ONCE)
        .withTiming(timing);
  }

  private static long number(JsonLine options, String name, long otherwise) {
    return options.fields().containsKey(name) ? options.number(name) : otherwise;
  }

  private static Duration millis(JsonLine options, String name, Duration otherwise) {
    return Duration.ofMillis(number(options, name, otherwise.toMillis()));
  }
}
