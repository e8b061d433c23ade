package dev.holdfast.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.RegistrationState;
import dev.holdfast.examples.v1.FollowRequest;
import dev.holdfast.examples.v1.OrderEvent;
import dev.holdfast.examples.v1.OrdersGrpc;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.streams.grpc.Holdfast;
import dev.holdfast.streams.grpc.ServerStreams;
import dev.holdfast.streams.grpc.StreamCursor;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server-streaming call of an unchanged stub, under a deploy of the service that it follows. */
class DeployedStreamTest {
  private static final byte[] KEY =
      "a key of all instances of orders".getBytes(StandardCharsets.UTF_8);
  private static final int DEPLOYS = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path folder;
  private final AtomicInteger handlers = new AtomicInteger();
  private final ScheduledExecutorService ticks = Executors.newScheduledThreadPool(1);
  private final Deque<HoldfastServer> servers = new ArrayDeque<>();
  private final List<ServerStreams> hosts = new ArrayList<>();

  @AfterEach
  void close() {
    ticks.shutdownNow();
    servers.forEach(HoldfastServer::shutdownNow);
    for (HoldfastServer server : servers) {
      await().atMost(PATIENCE).until(() -> isAbsent(server));
    }
    hosts.forEach(ServerStreams::close);
  }

  @Test
  void streamWithACursorGoesOnBehindADeployWithoutAStore() throws Exception {
    serve();
    ManagedChannel channel =
        HoldfastChannelBuilder.forTarget(target(), InsecureChannelCredentials.create())
            .intercept(Holdfast.resumable())
            .build();
    try {
      Iterator<OrderEvent> events =
          OrdersGrpc.newBlockingStub(channel)
              .withDeadlineAfter(10 * PATIENCE.toSeconds(), TimeUnit.SECONDS)
              .follow(FollowRequest.newBuilder().setId("7").build());
      long expected = 0;
      for (int deploy = 1; deploy <= DEPLOYS; deploy++) {
        assertThat(events.next().getSequence()).isEqualTo(++expected);
        HoldfastServer old = servers.getLast();
        serve();
        old.shutdown();
        OrderEvent event = events.next();
        assertThat(event.getSequence()).isEqualTo(++expected);
        while (!event.getId().equals("handler " + (deploy + 1))) {
          event = events.next();
          assertThat(event.getSequence()).isEqualTo(++expected);
        }
        assertThat(old.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      }
    } finally {
      channel.shutdownNow();
    }
  }

  private void serve() throws IOException {
    ServerStreams streams = ServerStreams.builder().tokenKey(KEY).build();
    hosts.add(streams);
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .advertise("127.0.0.1")
            .register(target())
            .addService(streams.resumable(new Feed()))
            .build()
            .start();
    servers.add(server);
    await()
        .atMost(PATIENCE)
        .until(() -> server.registration().state() == RegistrationState.VISIBLE);
  }

  private static boolean isAbsent(HoldfastServer server) {
    return server.registration().state() == RegistrationState.ABSENT;
  }

  private String target() {
    return "file://" + folder + "/orders";
  }

  /** Numbers its events, and says after each where another instance may go on. */
  private final class Feed extends OrdersGrpc.OrdersImplBase {
    @Override
    public void follow(FollowRequest request, StreamObserver<OrderEvent> responses) {
      StreamCursor cursor = StreamCursor.current();
      String handler = "handler " + handlers.incrementAndGet();
      long from = cursor.resumedFrom().map(Feed::decode).orElse(0L);
      send((ServerCallStreamObserver<OrderEvent>) responses, cursor, handler, from + 1);
    }

    private void send(
        ServerCallStreamObserver<OrderEvent> responses,
        StreamCursor cursor,
        String handler,
        long number) {
      if (responses.isCancelled()) {
        return;
      }
      boolean sent = responses.isReady();
      if (sent) {
        responses.onNext(OrderEvent.newBuilder().setId(handler).setSequence(number).build());
        cursor.mark(Long.toString(number).getBytes(StandardCharsets.US_ASCII));
      }
      long next = sent ? number + 1 : number;
      var unused =
          ticks.schedule(() -> send(responses, cursor, handler, next), 5, TimeUnit.MILLISECONDS);
    }

    private static long decode(byte[] cursor) {
      return Long.parseLong(new String(cursor, StandardCharsets.US_ASCII));
    }
  }
}
