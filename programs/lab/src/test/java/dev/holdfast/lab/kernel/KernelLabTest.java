package dev.holdfast.lab.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.HostPort;
import dev.holdfast.lab.PathFaults.IdleAction;
import dev.holdfast.lab.PlainTcpPeer;
import dev.holdfast.lab.process.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class KernelLabTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  /** For an answer that must come, however busy the machine is. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** For one that must not. */
  private static final Duration BRIEFLY = Duration.ofMillis(1_500);

  private final List<Peer> peers = new ArrayList<>();

  @AfterEach
  void stop() {
    peers.forEach(Peer::close);
  }

  @Test
  void aConnectionThatIsQuietForLongerThanTheTimeoutIsDroppedUnlessItsKernelProbes() {
    try (KernelLab lab = open(KernelPath.of(TIMEOUT, IdleAction.DROP))) {
      serve(lab, 0);
      Peer probing = connect(lab, 0, 2);
      Peer quiet = connect(lab, 0, 0);
      assertThat(quiet.ask(PATIENCE)).isEqualTo("alive");
      assertThat(probing.ask(PATIENCE)).isEqualTo("alive");
      pass(TIMEOUT.plusSeconds(2));
      assertThat(quiet.ask(BRIEFLY)).isEqualTo("silent");
      assertThat(probing.ask(PATIENCE)).isEqualTo("alive");
    }
  }

  @Test
  void aConnectionThatIsQuietForLessThanTheTimeoutIsKept() {
    Duration timeout = TIMEOUT.multipliedBy(6);
    try (KernelLab lab = open(KernelPath.of(timeout, IdleAction.DROP))) {
      serve(lab, 0);
      Peer quiet = connect(lab, 0, 0);
      assertThat(quiet.ask(PATIENCE)).isEqualTo("alive");
      pass(TIMEOUT);
      assertThat(quiet.ask(PATIENCE)).isEqualTo("alive");
    }
  }

  @Test
  void aRouterThatRejectsAnswersAForgottenConnectionWithARst() {
    try (KernelLab lab = open(KernelPath.of(TIMEOUT, IdleAction.RESET))) {
      serve(lab, 0);
      Peer quiet = connect(lab, 0, 0);
      assertThat(quiet.ask(PATIENCE)).isEqualTo("alive");
      pass(TIMEOUT.plusSeconds(2));
      assertThat(quiet.ask(PATIENCE)).isEqualTo("reset");
      assertThat(lab.counters()).containsPattern("invalid counter packets [1-9]");
    }
  }

  @Test
  void establishedConnectionsCanBeDroppedWhileNewOnesPassAndAnEndpointCanFallSilent() {
    try (KernelLab lab = open(new KernelPath(Duration.ofHours(1), IdleAction.DROP, 2))) {
      serve(lab, 0);
      serve(lab, 1);
      Peer old = connect(lab, 0, 0);
      lab.dropEstablished();
      Peer fresh = connect(lab, 0, 0);
      assertThat(old.ask(BRIEFLY)).isEqualTo("silent");
      assertThat(fresh.ask(PATIENCE)).isEqualTo("alive");
      Peer other = connect(lab, 1, 0);
      lab.silence(0);
      assertThat(fresh.ask(BRIEFLY)).isEqualTo("silent");
      assertThat(other.ask(PATIENCE)).isEqualTo("alive");
      lab.lose(1);
      assertThat(other.ask(BRIEFLY)).isEqualTo("silent");
      lab.heal();
      Peer healed = connect(lab, 0, 0);
      assertThat(healed.ask(PATIENCE)).isEqualTo("alive");
    }
  }

  @Test
  void namespacesGoWithTheLabAndThoseOfTheDeadWithTheNextOne() {
    List<String> names;
    String stale = "hflab-2147483646-1-1-c";
    try (KernelLab lab = open(KernelPath.of(TIMEOUT, IdleAction.DROP))) {
      names = lab.namespaces();
      assertThat(NetworkNamespaces.ip("netns", "list")).contains(names);
      assertThat(names).noneMatch(NetworkNamespaces::isStale);
      NetworkNamespaces.ip("netns", "add", stale);
      List<String> sleeper = new ArrayList<>(NetworkNamespaces.within(stale));
      sleeper.addAll(List.of("sh", "-c", "echo ready; exec sleep 60"));
      Process left = start(sleeper).process;
      NetworkNamespaces.removeStale();
      // Another lab on this machine, which opens meanwhile, may have been the one that removed it.
      await().atMost(PATIENCE).until(() -> !left.isAlive());
    }
    assertThat(NetworkNamespaces.ip("netns", "list")).doesNotContain(names).doesNotContain(stale);
  }

  @Test
  void onlyNamesOfALabWhoseOwnerIsGoneAreStale() {
    long pid = ProcessHandle.current().pid();
    assertThat(NetworkNamespaces.isStale("hflab-2147483646-1-1-r")).isTrue();
    assertThat(NetworkNamespaces.isStale("hflab-" + pid + "-1-1-r")).isTrue();
    assertThat(NetworkNamespaces.isStale("somebody-elses")).isFalse();
  }

  @Test
  void nonsenseIsRefusedWithWhatWasExpected() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KernelPath.of(Duration.ofMillis(1_500), IdleAction.DROP))
        .withMessageStartingWith("idleTimeout: PT1.5S (expected: whole seconds");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KernelPath.of(TIMEOUT, IdleAction.CLOSE))
        .withMessage("action: CLOSE (expected: DROP or RESET)");
  }

  /** Skips, with the kernel's or the system's own word, where the lab can't be had. */
  private static KernelLab open(KernelPath path) {
    try {
      return KernelLab.open(path);
    } catch (KernelLabException e) {
      if (e.kind() == KernelLabException.KernelLabFailureKind.UNAVAILABLE) {
        throw new TestAbortedException(e.getMessage(), e);
      }
      throw e;
    }
  }

  private void serve(KernelLab lab, int endpoint) {
    HostPort address = HostPort.parse(lab.serverAddress(endpoint));
    start(lab.inServer(java("server", address.host(), Integer.toString(address.port()))));
  }

  private Peer connect(KernelLab lab, int endpoint, int keepaliveSeconds) {
    HostPort address = HostPort.parse(lab.address(endpoint));
    return start(
        lab.inClient(
            java(
                "client",
                address.host(),
                Integer.toString(address.port()),
                Integer.toString(keepaliveSeconds))));
  }

  private Peer start(List<String> command) {
    try {
      Peer peer = new Peer(new ProcessBuilder(command).redirectErrorStream(true).start());
      peers.add(peer);
      assertThat(peer.hear()).isEqualTo("ready");
      return peer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> java(String... args) {
    return JavaCommand.of(
        PlainTcpPeer.class, List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"), List.of(args));
  }

  /** The kernel's time can't be moved: this is real silence. */
  private static void pass(Duration time) {
    long begun = System.nanoTime();
    await()
        .atMost(time.plusSeconds(10))
        .pollInterval(Duration.ofMillis(50))
        .until(() -> System.nanoTime() - begun >= time.toNanos());
  }

  /** A program in a namespace. */
  private static final class Peer {
    private final Process process;
    private final BufferedReader out;

    Peer(Process process) {
      this.process = process;
      out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Sends something over its connection and says what became of it within this time. */
    String ask(Duration patience) {
      try {
        String line = patience.toMillis() + "\n";
        process.getOutputStream().write(line.getBytes(StandardCharsets.US_ASCII));
        process.getOutputStream().flush();
        return hear();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    String hear() {
      try {
        return String.valueOf(out.readLine());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    void close() {
      process.destroyForcibly();
      try {
        process.waitFor(60, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
