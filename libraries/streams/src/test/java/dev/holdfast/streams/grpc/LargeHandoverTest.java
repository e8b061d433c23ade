package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.StringValue;
import dev.holdfast.core.local.FreePort;
import dev.holdfast.grpc.HoldfastServer;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCallStreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams with the largest cursor, whose calls have metadata of the application as well. */
class LargeHandoverTest {
  /** A number with leading zeros. */
  private static final String LARGEST = "%0" + StreamCursor.LARGEST_BYTES + "d";

  private final CursorFleet fleet = new CursorFleet();
  private final CursorFeed feeds = new CursorFeed(LargeHandoverTest::send);

  @AfterEach
  void close() throws Exception {
    feeds.complete();
    fleet.close();
    feeds.close();
  }

  /** 7,000 bytes and what gRPC adds are what a stock server takes. */
  @ParameterizedTest
  @ValueSource(ints = {0, 3_000, 7_000})
  void handoverFitsBesideTheMetadataThatTheStreamBeganWith(int bytes) throws Exception {
    HoldfastServer first = serve(FreePort.find());
    HoldfastServer second = serve(FreePort.find());
    int port = first.getPort();
    Metadata metadata = new Metadata();
    metadata.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "x".repeat(bytes));
    ManagedChannel channel =
        fleet.channelTo(
            List.of(port, second.getPort()),
            fleet.topology.clientStreams(),
            MetadataUtils.newAttachHeadersInterceptor(metadata));
    RecordingObserver feed = CursorFeed.open(channel, "feed");
    CursorFleet.awaitMore(feed);

    // It is at one of them, and goes on at the other one.
    CursorFleet.drain(first);
    CursorFleet.awaitMore(feed);
    var unused = serve(port);
    CursorFleet.drain(second);
    CursorFleet.awaitMore(feed);

    assertThat(feed.ends()).isZero();
    CursorFeed.assertWhole(feed);
    assertThat(fleet.events).doesNotContain("MOVED");
    assertThat(feeds.handlersOf("feed")).isGreaterThan(1);
  }

  private HoldfastServer serve(int port) throws Exception {
    return fleet.serve(port, fleet.topology.serverStreams(), feeds.service());
  }

  private static void send(
      String name, ServerCallStreamObserver<StringValue> answers, StreamCursor cursor, int next) {
    answers.onNext(RecordingObserver.message(String.valueOf(next)));
    cursor.mark(LARGEST.formatted(next + 1).getBytes(StandardCharsets.US_ASCII));
  }
}
