package dev.holdfast.doctor;

import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The record of a connection's attempt before and below HTTP/2: TCP, TLS and the first bytes.
 * Confined to the event loop.
 */
final class ConnectionAttempt {
  private static final String HTTP1 = "HTTP/1.";

  @Limit(of = "causes of a failed handshake that are looked through", then = "the last is told")
  private static final int MAX_CAUSES = 10;

  @Limit(of = "characters of what a peer said before HTTP/2", then = "the rest is left out")
  private static final int MAX_DETAIL_CHARS = 200;

  private final ProbeConnection probeConnection;
  private final long startedNanos = System.nanoTime();
  private final StringBuilder first = new StringBuilder();
  private @Nullable ConnectionProblem problem;
  private Duration connectTime = Duration.ZERO;
  private Duration settingsTime = Duration.ZERO;
  private String tlsVersion = "";
  private String alpn = "";
  private String tlsFailure = "";
  private boolean peerSpeaksTls;

  ConnectionAttempt(ProbeConnection probeConnection) {
    this.probeConnection = probeConnection;
  }

  ProbeConnection probeConnection() {
    return probeConnection;
  }

  void connected() {
    connectTime = Duration.ofNanos(System.nanoTime() - startedNanos);
  }

  void settings() {
    settingsTime = Duration.ofNanos(System.nanoTime() - startedNanos).minus(connectTime);
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

  /** Notes that the peer sent a TLS record. */
  void peerSpeaksTls() {
    peerSpeaksTls = true;
  }

  /** The handshake failed, on this side or by an alert of the other one. */
  void failTls(Throwable cause) {
    if (problem == null) {
      Throwable first = cause;
      for (int i = 0; i < MAX_CAUSES && first.getCause() != null; i++) {
        first = first.getCause();
      }
      tlsFailure = printable(String.valueOf(first.getMessage()));
    }
    fail(ConnectionProblem.TLS_FAILED);
  }

  /** Records a failure; only the first one is kept. */
  void fail(ConnectionProblem found) {
    if (problem == null) {
      problem = found;
    }
  }

  /** The reason why no SETTINGS arrived. */
  ConnectionProblem problem() {
    if (problem == null) {
      return ConnectionProblem.NO_SETTINGS;
    }
    return problem == ConnectionProblem.ENDED && !first.isEmpty()
        ? ConnectionProblem.NOT_HTTP2
        : problem;
  }

  /** Details of the problem; of TLS failures only where the peer speaks TLS. */
  String problemDetail() {
    if (problem == ConnectionProblem.TLS_FAILED) {
      return peerSpeaksTls ? tlsFailure : "";
    }
    return http1().orElse(alpn);
  }

  /** The first line of an answer in HTTP/1; empty when there was none. */
  Optional<String> http1() {
    int at = first.indexOf(HTTP1);
    if (at < 0) {
      return Optional.empty();
    }
    String line = first.substring(at).lines().findFirst().orElse("");
    return Optional.of(printable(line));
  }

  private static String printable(String text) {
    String all = text.replaceAll("[^ -~]", "?");
    return all.length() > MAX_DETAIL_CHARS ? all.substring(0, MAX_DETAIL_CHARS) : all;
  }

  Duration connectTime() {
    return connectTime;
  }

  /** From TCP to the SETTINGS; zero while there are none. */
  Duration settingsTime() {
    return settingsTime;
  }

  String tlsVersion() {
    return tlsVersion;
  }

  String alpn() {
    return alpn;
  }
}
