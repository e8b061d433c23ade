package dev.holdfast.gateway;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.lab.TcpRelay;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Streams of pages that go on although the connection to the service was cut, or its instance was
 * drained, in front of services that have sessions.
 */
class DuplexUpstreamTest {
  private static final Pattern ID = Pattern.compile("\"id\":\"([A-Za-z0-9_-]{22})\"");
  private static final Duration PATIENCE = Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS);

  private static final int READERS = 20;

  private final DuplexRig rig = new DuplexRig();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void eventsGoOnAtAnotherInstanceWhenTheirOwnDrains() throws Exception {
    HoldfastServer first = rig.serve();
    Gateway gateway = rig.gateway(DuplexRig.endpoint(first));
    try (EventReader reader = DuplexRig.read(gateway, "")) {
      assertThat(reader.numbers(20)).isEqualTo(numbers(1, 20));
      HoldfastServer second = rig.serve();
      gateway.apply(rig.rig.snapshot(DuplexRig.endpoint(first), DuplexRig.endpoint(second)));
      DuplexRig.drain(first);
      assertThat(reader.numbers(300)).isEqualTo(numbers(21, 300));
    }
    assertThat(rig.service.handlers).hasValue(2);
    assertThat(rig.counted("opened")).isOne();
    assertThat(rig.counted("resumed")).isPositive();
  }

  @Test
  void manyReadersGoOnThroughADeployThatReplacesEachInstance() throws Exception {
    List<HoldfastServer> instances = new ArrayList<>(List.of(rig.serve(), rig.serve()));
    Gateway gateway = rig.gateway(endpoints(instances));
    List<EventReader> readers = new ArrayList<>();
    for (int i = 0; i < READERS; i++) {
      readers.add(rig.rig.closing(DuplexRig.read(gateway, "")));
    }
    int heard = 0;
    for (int replaced = 0; replaced < 2; replaced++) {
      HoldfastServer old = instances.remove(0);
      instances.add(rig.serve());
      gateway.apply(rig.rig.snapshot(endpoints(instances)));
      DuplexRig.drain(old);
      for (EventReader reader : readers) {
        assertThat(reader.numbers(100)).isEqualTo(numbers(heard + 1, 100));
      }
      heard += 100;
    }
    for (EventReader reader : readers) {
      assertThat(reader.numbers(400)).isEqualTo(numbers(heard + 1, 400));
    }
    assertThat(rig.service.handlers).hasValueGreaterThan(READERS);
  }

  @Test
  void eventsGoOnAfterTheConnectionToTheServiceWasCut() throws Exception {
    HoldfastServer server = rig.serve();
    try (TcpRelay relay = TcpRelay.toPort(server.getPort())) {
      Gateway gateway = rig.gateway("127.0.0.1:" + relay.port());
      try (EventReader reader = DuplexRig.read(gateway, "")) {
        for (int cut = 0; cut < 3; cut++) {
          assertThat(reader.numbers(50)).isEqualTo(numbers(1 + 50 * cut, 50));
          relay.cut();
        }
        assertThat(reader.numbers(200)).isEqualTo(numbers(151, 200));
      }
    }
    assertThat(rig.service.handlers).hasValue(1);
  }

  @Test
  void bothDirectionsOfASocketGoOnAfterTheConnectionToTheServiceWasCut() throws Exception {
    HoldfastServer server = rig.serve();
    try (TcpRelay relay = TcpRelay.toPort(server.getPort())) {
      Gateway gateway = rig.gateway("127.0.0.1:" + relay.port());
      try (RawSocket socket = socket(gateway)) {
        assertThat(ID.matcher(socket.next()).find()).isTrue();
        say(socket, 1, 1);
        hear(socket, 1, 1);
        for (int i = 1; i <= 21; i += 10) {
          say(socket, i + 1, i + 10);
          relay.cut();
        }
        hear(socket, 2, 31);
        socket.text("");
        assertThat(socket.next()).startsWith("text {\"@status\":{\"code\":0");
      }
    }
    assertThat(rig.service.handlers).hasValue(1);
    assertThat(rig.service.names).isEqualTo(names(31));
  }

  @Test
  void eventsOfTheTimeWithoutAReaderAreThereWhenTheInstanceWasDrainedMeanwhile() throws Exception {
    HoldfastServer first = rig.serve();
    HoldfastServer second = rig.serve();
    Gateway gateway = rig.gateway(DuplexRig.endpoint(first));
    String seen;
    try (EventReader reader = DuplexRig.read(gateway, "")) {
      assertThat(reader.numbers(5)).isEqualTo(numbers(1, 5));
      seen = reader.lastId();
    }
    gateway.apply(rig.rig.snapshot(DuplexRig.endpoint(second)));
    DuplexRig.drain(first);
    await().atMost(PATIENCE).until(() -> rig.service.handlers.get() == 2);
    try (EventReader reader = DuplexRig.read(gateway, seen)) {
      assertThat(reader.numbers(200)).isEqualTo(numbers(6, 200));
    }
  }

  @Test
  void bothDirectionsOfASocketGoOnAtAnotherInstanceWhenTheirOwnDrains() throws Exception {
    HoldfastServer first = rig.serve();
    Gateway gateway = rig.gateway(DuplexRig.endpoint(first));
    try (RawSocket socket = socket(gateway)) {
      assertThat(ID.matcher(socket.next()).find()).isTrue();
      say(socket, 1, 10);
      hear(socket, 1, 10);
      HoldfastServer second = rig.serve();
      gateway.apply(rig.rig.snapshot(DuplexRig.endpoint(first), DuplexRig.endpoint(second)));
      DuplexRig.drain(first);
      say(socket, 11, 20);
      hear(socket, 11, 20);
    }
    assertThat(rig.service.handlers).hasValue(2);
    assertThat(rig.service.names).isEqualTo(names(20));
  }

  @Test
  void endOfTheServiceIsTheEndOfTheStreamAfterAMoveAndACut() throws Exception {
    HoldfastServer first = rig.serve();
    Gateway gateway = rig.gateway(DuplexRig.endpoint(first));
    try (EventReader reader = DuplexRig.read(gateway, "")) {
      assertThat(reader.numbers(5)).isEqualTo(numbers(1, 5));
      HoldfastServer second = rig.serve();
      try (TcpRelay relay = TcpRelay.toPort(second.getPort())) {
        gateway.apply(rig.rig.snapshot("127.0.0.1:" + relay.port()));
        DuplexRig.drain(first);
        assertThat(reader.numbers(50)).isEqualTo(numbers(6, 50));
        rig.service.last = 300;
        relay.cut();
        assertThat(reader.numbers(245)).isEqualTo(numbers(56, 245));
        EventReader.Event end = requireNonNull(reader.next());
        assertThat(end.name()).isEqualTo("error");
        assertThat(end.data()).contains("\"code\":5", "\"message\":\"counted\"");
        assertThat(reader.next()).isNull();
      }
    }
    assertThat(rig.service.handlers).hasValue(2);
  }

  @Test
  void serviceIsToldThatNoReaderComesBackAlthoughItsConnectionWasCut() throws Exception {
    rig.keeping(Duration.ofSeconds(1), 1_048_576);
    HoldfastServer server = rig.serve();
    try (TcpRelay relay = TcpRelay.toPort(server.getPort())) {
      Gateway gateway = rig.gateway("127.0.0.1:" + relay.port());
      try (EventReader reader = DuplexRig.read(gateway, "")) {
        assertThat(reader.numbers(5)).isEqualTo(numbers(1, 5));
      }
      relay.cut();
      await().atMost(PATIENCE).until(() -> rig.service.cancelled.get() == 1);
      await().atMost(PATIENCE).until(() -> GatewayRig.kept(gateway) == 0);
    }
  }

  @Test
  void serviceWaitsWhenNoReaderTakesItsMessagesAndNoneIsLost() throws Exception {
    rig.keeping(Duration.ofMinutes(2), 65_536);
    rig.service.text = "x".repeat(4_000);
    HoldfastServer server = rig.serve();
    Gateway gateway = rig.gateway(DuplexRig.endpoint(server));
    String seen;
    try (EventReader reader = DuplexRig.read(gateway, "")) {
      assertThat(reader.numbers(1)).isEqualTo(numbers(1, 1));
      seen = reader.lastId();
    }
    await().atMost(PATIENCE).until(() -> rig.service.waits.get() > 20);
    assertThat(GatewayRig.kept(gateway)).isLessThan(1_000_000);
    try (EventReader reader = DuplexRig.read(gateway, seen)) {
      assertThat(reader.numbers(600)).isEqualTo(numbers(2, 600));
    }
    assertThat(rig.service.handlers).hasValue(1);
  }

  @Test
  void readerIsToldAtOnceWhenTheInstanceIsGoneAndNobodyHasItsStream() throws Exception {
    HoldfastServer first = rig.serve();
    HoldfastServer second = rig.serve();
    try (TcpRelay relay = TcpRelay.toPort(first.getPort())) {
      Gateway gateway = rig.gateway("127.0.0.1:" + relay.port());
      try (EventReader reader = DuplexRig.read(gateway, "")) {
        assertThat(reader.numbers(5)).isEqualTo(numbers(1, 5));
        gateway.apply(rig.rig.snapshot(DuplexRig.endpoint(second)));
        relay.cut();
        assertThat(endOf(reader).data()).contains("\"code\":14").doesNotContain("LOST_UNREACHABLE");
      }
    }
    assertThat(rig.service.handlers).hasValue(1);
    assertThat(rig.counted("lost")).isOne();
  }

  @Test
  void readerIsToldWhenTheInstanceThatStartedAgainDoesNotKnowTheStream() throws Exception {
    HoldfastServer server = rig.serve();
    int port = server.getPort();
    try (TcpRelay relay = TcpRelay.toPort(port)) {
      Gateway gateway = rig.gateway("127.0.0.1:" + relay.port());
      try (EventReader reader = DuplexRig.read(gateway, "")) {
        assertThat(reader.numbers(5)).isEqualTo(numbers(1, 5));
        relay.refuseNew();
        relay.cut();
        server.shutdownNow();
        assertThat(server.awaitTermination(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        var unused = rig.serve(port);
        relay.heal();
        assertThat(endOf(reader).data()).contains("\"code\":14", "LOST_UNKNOWN");
      }
    }
    assertThat(rig.service.handlers).hasValue(1);
    assertThat(rig.counted("lost")).isOne();
  }

  @Test
  void deadlinePassesWhileNoInstanceIsReached() throws Exception {
    rig.terms(
        new RouteOptions(
            Duration.ofSeconds(3), Duration.ZERO, RetryPolicy.DEFAULT, Optional.empty()));
    HoldfastServer server = rig.serve();
    try (TcpRelay relay = TcpRelay.toPort(server.getPort())) {
      Gateway gateway = rig.gateway("127.0.0.1:" + relay.port());
      try (EventReader reader = DuplexRig.read(gateway, "")) {
        assertThat(reader.numbers(1)).isEqualTo(numbers(1, 1));
        relay.refuseNew();
        relay.cut();
        assertThat(endOf(reader).data()).contains("\"code\":4");
      }
    }
  }

  private static String[] endpoints(List<HoldfastServer> instances) {
    return instances.stream().map(DuplexRig::endpoint).toArray(String[]::new);
  }

  private static RawSocket socket(Gateway gateway) throws Exception {
    Socket socket = new Socket(gateway.address().getAddress(), gateway.address().getPort());
    socket.setSoTimeout((int) PATIENCE.toMillis());
    return RawSocket.ask(socket, ResumableRig.CHAT + "?@session=new");
  }

  /** The event behind the messages of a stream that ends soon. */
  private static EventReader.Event endOf(EventReader reader) throws Exception {
    EventReader.Event event = requireNonNull(reader.next());
    for (int i = 0; i < 10_000 && event.name().equals("message"); i++) {
      event = requireNonNull(reader.next());
    }
    assertThat(event.name()).isEqualTo("error");
    return event;
  }

  private static void say(RawSocket socket, int from, int to) throws Exception {
    for (int i = from; i <= to; i++) {
      socket.text("{\"name\":\"n" + i + "\"}");
    }
  }

  private static void hear(RawSocket socket, int from, int to) throws Exception {
    for (int i = from; i <= to; i++) {
      assertThat(socket.next()).contains("\"number\":\"" + i + "\"");
    }
  }

  private static List<String> names(int count) {
    return IntStream.rangeClosed(1, count).mapToObj(i -> "n" + i).toList();
  }

  private static List<Integer> numbers(int from, int count) {
    return IntStream.range(from, from + count).boxed().toList();
  }
}
