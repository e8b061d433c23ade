package dev.holdfast.gateway;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.frontend.HttpFrontend;
import dev.holdfast.gateway.handover.HandoverServer;
import dev.holdfast.gateway.handover.Takeover;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.resume.KeptSessions;
import dev.holdfast.gateway.resume.ResumeSessions;
import dev.holdfast.gateway.route.RouteOptions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Resumable streams whose gateway hands its sockets over to another one. */
class ResumableHandoverTest {
  private static final Pattern ID = Pattern.compile("\"id\":\"([A-Za-z0-9_-]{22})\"");
  private static final DrainTimes AT_ONCE =
      new DrainTimes(Duration.ZERO, Duration.ZERO, Duration.ZERO);

  @TempDir Path folder;
  private final PushedGreetings service = new PushedGreetings();
  private final GatewayRig rig = new GatewayRig();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<Generation> generations = new ArrayList<>();
  private String endpoint;
  private InetSocketAddress address;

  /** A gateway, its streams, and the socket at which it hands over. */
  private record Generation(Gateway gateway, ResumeSessions sessions, Path handover) {}

  @BeforeEach
  void open() throws Exception {
    open(Duration.ofMinutes(2));
  }

  private void open(Duration ttl) throws Exception {
    rig.terms(RouteOptions.DEFAULT.withResume(ResumableRig.policy(ttl, 1_048_576, 1_000)));
    endpoint = rig.serve(service);
    HttpFrontend frontend = HttpFrontend.of(FrontendRig.KNOWN);
    Gateway first = rig.drain(AT_ONCE).frontend(frontend).gateway(endpoint);
    address = first.address();
    handsOver(first, frontend);
  }

  @AfterEach
  void close() {
    for (Generation each : generations) {
      CompletableFuture<Void> drained = each.gateway().drain();
      await()
          .until(
              () -> {
                KeptSessions.evict(each.sessions());
                return drained.isDone();
              });
    }
    rig.close();
  }

  @Test
  void eventsGoOnAtTheGatewayThatTookOver() throws Exception {
    String seen;
    PushedGreetings.Stream stream;
    CompletableFuture<EventReader> opening = opening();
    stream = service.next();
    stream.say(3, "");
    try (EventReader reader = opened(opening)) {
      assertThat(reader.numbers(2)).containsExactly(1, 2);
      seen = reader.lastId();
    }
    takeOver();
    stream.say(1, "");
    try (EventReader again = read(seen)) {
      assertThat(again.status()).isEqualTo(200);
      assertThat(again.numbers(2)).containsExactly(3, 4);
      stream.say(1, "");
      assertThat(again.numbers(1)).containsExactly(5);
      stream.end();
      assertThat(requireNonNull(again.next()).name()).isEqualTo("end");
      try (EventReader done = read(again.lastId())) {
        assertThat(done.status()).isEqualTo(204);
      }
    }
    assertThat(service.waiting()).as("further calls").isZero();
    assertThat(meters.get("holdfast.gateway.resume.readers").tag("result", "relayed").counter())
        .extracting(counter -> counter.count())
        .isEqualTo(1.0);
  }

  @Test
  void bothDirectionsOfASocketGoOn() throws Exception {
    String id;
    PushedGreetings.Stream stream;
    try (RawSocket socket = socket(ResumableRig.CHAT + "?@session=new&@ack=true")) {
      Matcher found = ID.matcher(socket.next());
      assertThat(found.find()).isTrue();
      id = found.group(1);
      socket.text("{\"name\":\"a\"}");
      stream = service.next();
      assertThat(stream.names.take()).isEqualTo("a");
      stream.say(2, "");
      assertThat(socket.next()).contains("\"number\":\"1\"");
    }
    takeOver();
    try (RawSocket socket = socket(resumed(id, 1))) {
      assertThat(socket.next()).contains("\"after\":1,\"received\":1,\"ttlSeconds\":120");
      assertThat(socket.next()).contains("\"number\":\"2\"");
      socket.text("{\"@ack\":2}");
      String large = "b".repeat(300_000);
      socket.text("{\"name\":\"" + large + "\"}");
      assertThat(stream.names.take()).isEqualTo(large);
      socket.text("{\"name\":\"c\"}");
      assertThat(stream.names.take()).isEqualTo("c");
    }
    try (RawSocket socket = socket(resumed(id, 1))) {
      assertThat(socket.next()).as("acknowledged messages are gone").contains("RESUME_TOO_LATE");
    }
    try (RawSocket socket = socket(resumed(id, 2))) {
      assertThat(socket.next()).contains("\"after\":2,\"received\":3");
      socket.text("");
      assertThat(stream.names.take()).isEqualTo("end");
      stream.end();
      assertThat(socket.next()).startsWith("text {\"@status\":{\"code\":0");
      assertThat(socket.next()).isEqualTo("close 1000 ");
    }
  }

  @Test
  void readerThatTheDrainCutsOffGoesOn() throws Exception {
    PushedGreetings.Stream stream;
    String seen;
    CompletableFuture<EventReader> opening = opening();
    stream = service.next();
    stream.say(1, "");
    try (EventReader reader = opened(opening)) {
      assertThat(reader.numbers(1)).containsExactly(1);
      takeOver();
      assertThat(reader.rest()).contains("\"code\":14");
      seen = reader.lastId();
    }
    stream.say(1, "");
    try (EventReader again = read(seen)) {
      assertThat(again.numbers(1)).containsExactly(2);
    }
  }

  @Test
  void streamsOfTheGatewayBeforeTheLastAreFoundToo() throws Exception {
    String first = away();
    takeOver();
    String second = away();
    takeOver();
    for (String seen : List.of(first, second)) {
      try (EventReader again = read(seen)) {
        assertThat(again.status()).isEqualTo(200);
      }
    }
    assertThat(generations.get(2).sessions().earlierGateways()).hasSize(2);
  }

  @Test
  void strangersHearOfNoStream() throws Exception {
    String seen = away();
    takeOver();
    try (EventReader stranger = read(seen, "authorization", "another")) {
      assertThat(stranger.status()).isEqualTo(409);
      assertThat(stranger.rest()).contains("RESUME_UNKNOWN");
    }
    try (EventReader unknown = read("A".repeat(22) + ".1")) {
      assertThat(unknown.status()).isEqualTo(409);
    }
  }

  @Test
  void streamsOfAGatewayThatWasKilledAreUnknown() throws Exception {
    Path killed = folder.resolve("killed");
    try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(UnixDomainSocketAddress.of(killed));
    }
    generations.get(0).sessions().useEarlierGateways(List.of(killed, folder.resolve("none")));
    try (EventReader again = read("A".repeat(22) + ".1")) {
      assertThat(again.status()).isEqualTo(409);
      assertThat(again.rest()).contains("RESUME_UNKNOWN");
    }
  }

  @Test
  void readerIsNotRefusedWhileTheAcceptQueueOfTheOlderGatewayIsFull() throws Exception {
    String seen = away();
    takeOver();
    ResumeSessions newer = generations.get(1).sessions();
    try (FullAcceptQueue queue =
        FullAcceptQueue.before(newer.earlierGateways().get(0), folder.resolve("full"))) {
      newer.useEarlierGateways(List.of(queue.path()));
      CompletableFuture<EventReader> again = EventReader.begin(address, ResumableRig.MANY, seen);
      assertThat(again)
          .as("while the queue is full")
          .failsWithin(Duration.ofMillis(500))
          .withThrowableOfType(TimeoutException.class);
      queue.accept();
      try (EventReader reader = opened(again)) {
        assertThat(reader.status()).isEqualTo(200);
      }
    }
  }

  @Test
  void relayedReadersLeaveDescriptorsForConnections() throws Exception {
    String seen = away();
    takeOver();
    ResumeSessions newer = generations.get(1).sessions();
    KeptSessions.takeRelays(newer);
    try (EventReader refused = read(seen)) {
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.rest()).contains("too many readers");
    }
    KeptSessions.giveBackRelay(newer);
    for (int i = 0; i < 2; i++) {
      await()
          .untilAsserted(
              () -> {
                try (EventReader again = read(seen)) {
                  assertThat(again.status()).isEqualTo(200);
                }
              });
    }
  }

  @Test
  void olderGatewayEndsWithItsLastStream() throws Exception {
    close();
    ResumableHandoverTest shortLived = new ResumableHandoverTest();
    shortLived.folder = Files.createDirectory(folder.resolve("short"));
    shortLived.open(Duration.ofSeconds(1));
    try {
      String unused = shortLived.away();
      Gateway older = shortLived.generations.get(0).gateway();
      shortLived.takeOver();
      older.drain().get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
      List<Path> sockets = shortLived.generations.get(1).sessions().earlierGateways();
      assertThat(sockets).hasSize(1);
      await().untilAsserted(() -> assertThat(sockets.get(0)).doesNotExist());
    } finally {
      shortLived.close();
    }
  }

  /** The id of the last event of a stream without a reader. */
  private String away() throws Exception {
    CompletableFuture<EventReader> opening = opening();
    service.next().say(1, "");
    try (EventReader reader = opened(opening)) {
      assertThat(reader.numbers(1)).containsExactly(1);
      return reader.lastId();
    }
  }

  /** A reader whose response waits for the first message. */
  private CompletableFuture<EventReader> opening() {
    return EventReader.begin(address, ResumableRig.MANY, "");
  }

  private static EventReader opened(CompletableFuture<EventReader> opening) throws Exception {
    return opening.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private EventReader read(String lastId, String... headers) throws Exception {
    return opened(EventReader.begin(address, ResumableRig.MANY, lastId, headers));
  }

  private RawSocket socket(String path) throws IOException {
    Socket socket = new Socket(address.getAddress(), address.getPort());
    socket.setSoTimeout((int) Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS).toMillis());
    RawSocket opened = RawSocket.ask(socket, path, "sec-websocket-protocol: grpc+json");
    assertThat(opened.head()).startsWith("HTTP/1.1 101 ");
    return opened;
  }

  private static String resumed(String id, long after) {
    return ResumableRig.CHAT + "?@session=" + id + "&@after=" + after + "&@ack=true";
  }

  /** Another gateway takes the place of the last one, which drains. */
  private void takeOver() throws Exception {
    Generation before = generations.get(generations.size() - 1);
    HttpFrontend frontend = HttpFrontend.of(FrontendRig.KNOWN);
    Takeover takeover = rig.closing(Takeover.ask(before.handover()).orElseThrow());
    frontend.resumeSessions().useEarlierGateways(takeover.readers());
    GatewayOptions options =
        GatewayOptions.listeningAt(List.of(ListenerOptions.plaintext(address)))
            .withThreads(2)
            .withDrain(AT_ONCE)
            .withFrontend(frontend)
            .withMeters(meters);
    Gateway next = rig.closing(Gateway.open(options, rig.snapshot(endpoint), takeover.sockets()));
    assertThat(takeover.serving()).isTrue();
    // It accepts readers until it has heard of it.
    await().until(before.gateway()::isDraining);
    handsOver(next, frontend);
  }

  private void handsOver(Gateway gateway, HttpFrontend frontend) throws IOException {
    // A process has one socket for readers, and here it has several gateways.
    Path socket = folder.resolve("generation" + generations.size()).resolve("gateway.sock");
    HandoverServer server =
        HandoverServer.open(
            socket,
            new HandoverServer.HandoverSource(
                gateway,
                frontend.resumeSessions(),
                () -> {},
                () -> {
                  var unused = gateway.drain();
                }));
    rig.closing(server);
    generations.add(new Generation(gateway, frontend.resumeSessions(), socket));
  }
}
