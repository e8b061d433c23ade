package dev.holdfast.doctor;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is known of a connection before and below HTTP/2. On the event loop only. */
final class WireAttempt {
  private static final String HTTP1 = "HTTP/1.";

  private final Wire wire;
  private final long startedNanos = System.nanoTime();
  private final StringBuilder first = new StringBuilder();
  private @Nullable WireProblem problem;
  private Duration connectTime = Duration.ZERO;
  private String tlsVersion = "";
  private String alpn = "";

  WireAttempt(Wire wire) {
    this.wire = wire;
  }

  Wire wire() {
    return wire;
  }

  void connected() {
    connectTime = Duration.ofNanos(System.nanoTime() - startedNanos);
  }

  void tls(String version, String protocol) {
    tlsVersion = version;
    alpn = protocol;
  }

  void sniff(String text) {
    first.append(text);
  }

  int sniffedChars() {
    return first.length();
  }

  /** The first failure counts. */
  void fail(WireProblem found) {
    if (problem == null) {
      problem = found;
    }
  }

  /** Why no SETTINGS came. */
  WireProblem problem() {
    if (problem == null) {
      return WireProblem.NO_SETTINGS;
    }
    return problem == WireProblem.ENDED && !first.isEmpty() ? WireProblem.NOT_HTTP2 : problem;
  }

  /** The first line of an answer in HTTP/1; empty when there was none. */
  Optional<String> http1() {
    int at = first.indexOf(HTTP1);
    if (at < 0) {
      return Optional.empty();
    }
    String line = first.substring(at).lines().findFirst().orElse("");
    return Optional.of(line.replaceAll("[^ -~]", "?"));
  }

  Duration connectTime() {
    return connectTime;
  }

  String tlsVersion() {
    return tlsVersion;
  }

  String alpn() {
    return alpn;
  }
}
