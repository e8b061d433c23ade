package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.limits.GatewayLimits;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients of HTTP/1.1 that send thousands of requests without waiting for an answer: the
 * replacement of {@link FloodAttackTest} and {@link SlowReaderWatchdogTest}.
 */
@ParameterizedClass
@ArgumentsSource(TestedTransports.class)
class PipeliningAttackTest {
  private static final int CLIENTS = 4;
  private static final int MANY = 2_000;
  private static final int SOME = 300;
  private static final String LAST =
      "GET /v1/hello/last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** A thread for each attacker: the common pool of JDK 25 has a single thread on two cores. */
  private static final Executor THREADS = task -> new Thread(task, "attacker").start();

  private final Transport transport;

  PipeliningAttackTest(Transport transport) {
    this.transport = transport;
  }

  /** Answers of some length, of the gateway and of the upstream: a kernel keeps megabytes. */
  @ParameterizedTest
  @ValueSource(strings = {"/nothing/%s", "/v1/hello/%s?padding=1000000"})
  void whoReadsNoAnswersIsCutOff(String path) throws Exception {
    String target = path.formatted("y".repeat(4_000));
    String request = FrontendRig.lines("GET " + target + " HTTP/1.1", "host: x");
    try (AttackedHttpGateway attacked =
        new AttackedHttpGateway(AttackedHttpGateway.impatient(PATIENCE), transport)) {
      byte[] requests = AttackedGateway.repeated(request.getBytes(StandardCharsets.US_ASCII), 100);
      List<CompletableFuture<Void>> attacks = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        OutputStream out = attacked.deafAttacker().getOutputStream();
        attacks.add(CompletableFuture.runAsync(() -> sendAll(out, requests), THREADS));
      }
      attacked.assertUnharmed();
      for (CompletableFuture<Void> each : attacks) {
        each.get();
      }
      // Who is that slow on a busy machine, with TLS, is too slow with the rest of a request.
      await()
          .untilAsserted(
              () ->
                  assertThat(
                          attacked.frontends.rig.met("unread")
                              + attacked.frontends.rig.met("handshake"))
                      .isEqualTo(CLIENTS));
      assertThat(attacked.frontends.rig.met("unread")).isPositive();
      attacked.assertUnharmed();
      attacked.assertNothingKept();
    }
  }

  @ParameterizedTest
  @EnumSource(AttackedHttpGateway.Ask.class)
  void thousandsInOneReadAreAnsweredInTheirOrderAndNobodyWaitsForIt(AttackedHttpGateway.Ask ask)
      throws Exception {
    int requests = ask.status.equals(" 200 ") ? SOME : MANY;
    String all = ask.request.repeat(requests) + LAST;
    try (AttackedHttpGateway attacked = new AttackedHttpGateway(GatewayLimits.DEFAULT, transport)) {
      Socket socket = attacked.attacker();
      CompletableFuture<Void> sent =
          CompletableFuture.runAsync(
              () -> send(socket, all.getBytes(StandardCharsets.ISO_8859_1)), THREADS);
      attacked.assertUnharmed();
      byte[] bytes = socket.getInputStream().readAllBytes();
      sent.get();
      String answers = new String(bytes, StandardCharsets.ISO_8859_1);
      int last = answers.lastIndexOf("HTTP/1.1");
      assertThat(answers.substring(0, last).split("HTTP/1.1" + ask.status, -1))
          .hasSize(requests + 1);
      assertThat(answers.substring(last)).contains("hello last");
      attacked.assertUnharmed();
    }
  }

  /** Sends the same over and over until the gateway has enough of it. */
  private static void sendAll(OutputStream out, byte[] requests) {
    try {
      for (int i = 0; i < 1_000; i++) {
        out.write(requests);
      }
    } catch (IOException e) {
      assertThat(e).hasMessageMatching(".*(reset|Broken pipe|closed).*");
    }
  }

  private static void send(Socket socket, byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
