package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The lines that sessions leave; those of other tests go by beside them. */
class SessionLogTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final StreamTopology topology = new StreamTopology();
  private final Lines lines = new Lines();
  private final Logger logger = (Logger) LoggerFactory.getLogger(SessionLog.class);

  @BeforeEach
  void listen() {
    lines.start();
    logger.setLevel(Level.DEBUG);
    logger.addAppender(lines);
  }

  @AfterEach
  void close() throws Exception {
    logger.detachAppender(lines);
    // The tests after it attach a hundred thousand times.
    logger.setLevel(null);
    topology.close();
  }

  @Test
  void aStreamIsFollowedThroughACutToItsLoss() {
    ServerStreams streams = topology.serverStreams().build();
    Server old = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    Server young =
        topology.serve(
            topology.serverStreams().build().resumable(StreamTopology.talk(StreamTopology::echo)));
    TcpRelay relay = topology.relayTo(old);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamTopology.open(channel, recordingObserver).onNext(RecordingObserver.message("hello"));
    recordingObserver.awaitCount(1);
    String id = streams.sessions().get(0).id();
    String method = streams.sessions().get(0).method();

    relay.cut();
    String tried =
        awaitLine(
            line ->
                line.contains("event=stream_attached side=client session=" + id)
                    && !line.contains("last_cause=\"\""));
    assertThat(tried).startsWith("DEBUG ").contains(" method=" + method + " ");
    awaitLine(
        line ->
            line.contains("event=stream_attached side=server session=" + id)
                && !line.contains(" attempts=1 "));

    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), young.getPort()));
    relay.cut();

    recordingObserver.awaitEnd();
    String lost =
        awaitLine(line -> line.contains("event=stream_lost") && line.contains("session=" + id));
    assertThat(lost).startsWith("WARN ").contains("side=client", "kind=LOST_", "processed_here=");
  }

  @Test
  void aClientThatStaysAwayIsNoWarning() {
    SessionOptions shortLived =
        StreamTopology.QUICK.withTiming(
            StreamTopology.QUICK.timing().withTtl(Duration.ofMillis(300)));
    ServerStreams streams = topology.serverStreams().options(shortLived).build();
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamTopology.open(channel, recordingObserver).onNext(RecordingObserver.message("hello"));
    recordingObserver.awaitCount(1);
    String id = streams.sessions().get(0).id();

    relay.refuseNew();
    relay.cut();

    assertThat(
            awaitLine(
                line ->
                    line.contains("event=stream_client_gone") && line.contains("session=" + id)))
        .startsWith("INFO ")
        .contains("side=server", "kind=LOST_EXPIRED");
  }

  private String awaitLine(Predicate<String> wanted) {
    return await()
        .atMost(PATIENCE)
        .until(() -> lines.all.stream().filter(wanted).findFirst(), Optional::isPresent)
        .orElseThrow();
  }

  private static final class Lines extends AppenderBase<ILoggingEvent> {
    private final List<String> all = new CopyOnWriteArrayList<>();

    @Override
    protected void append(ILoggingEvent event) {
      all.add(event.getLevel() + " " + event.getFormattedMessage());
    }
  }
}
