package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.examples.v1.FollowRequest;
import dev.holdfast.examples.v1.OrderEvent;
import dev.holdfast.examples.v1.OrdersGrpc;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.streams.grpc.ClientStreams;
import dev.holdfast.streams.grpc.ServerStreams;
import dev.holdfast.streams.grpc.StreamCursor;
import dev.holdfast.streams.grpc.StreamEvents;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Resumable streams of gRPC clients whose connections end at {@code holdfast gateway}. */
class StreamsThroughGatewayTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Pattern LISTENING = Pattern.compile("\"listen\":\"127.0.0.1:(\\d+)\"");
  private static final byte[] KEY =
      "a key of all the instances of it".getBytes(StandardCharsets.UTF_8);
  private static final int TICK_MILLIS = 5;

  @TempDir Path folder;

  private final List<HoldfastServer> servers = new ArrayList<>();
  private final List<AutoCloseable> toClose = new ArrayList<>();
  private final ScheduledExecutorService ticks = Executors.newScheduledThreadPool(1);
  private final AtomicInteger handlers = new AtomicInteger();
  private final AtomicInteger moved = new AtomicInteger();
  private volatile boolean marking;

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable open : toClose) {
      open.close();
    }
    servers.forEach(HoldfastServer::shutdownNow);
    ticks.shutdownNow();
  }

  @Test
  void streamWithCursorGoesOnAtAnotherInstanceWhenItsOwnDrains() throws Exception {
    marking = true;
    HoldfastServer first = serve();
    list(first);
    try (HoldfastProcess gateway = gateway(0)) {
      Events events = follow(port(gateway));
      events.awaitMore();

      HoldfastServer second = serve();
      list(first, second);
      list(second);
      first.shutdown();
      assertThat(first.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

      events.awaitMore();
      events.assertWhole();
      assertThat(handlers).hasValue(2);
      assertThat(moved).hasValue(0);
    }
  }

  @Test
  void streamReturnsToItsInstanceThroughTheNextGateway() throws Exception {
    list(serve(), serve(), serve());
    Events events;
    int port;
    try (HoldfastProcess gateway = gateway(0)) {
      port = port(gateway);
      events = follow(port);
      events.awaitMore();
      gateway.signal("KILL");
      gateway.exitCode();
    }
    try (HoldfastProcess unused = gateway(port)) {
      events.awaitMore();
      events.assertWhole();
      assertThat(handlers).hasValue(1);
      assertThat(moved).hasValue(0);
    }
  }

  private HoldfastProcess gateway(int port) throws Exception {
    String command = "gateway --json --registry file://" + folder + "/services --listen " + port;
    return HoldfastProcess.start(folder, Map.of(), (command + " --service orders").split(" "));
  }

  private static int port(HoldfastProcess gateway) {
    await().atMost(PATIENCE).until(() -> LISTENING.matcher(gateway.out()).find());
    Matcher matcher = LISTENING.matcher(gateway.out());
    assertThat(matcher.find()).isTrue();
    return Integer.parseInt(matcher.group(1));
  }

  private void list(HoldfastServer... instances) throws Exception {
    StringBuilder lines = new StringBuilder();
    for (HoldfastServer instance : instances) {
      lines.append("127.0.0.1:").append(instance.getPort()).append('\n');
    }
    Path directory = Files.createDirectories(folder.resolve("services/orders"));
    Files.writeString(directory.resolve("all.list"), lines);
  }

  private HoldfastServer serve() throws Exception {
    ServerStreams streams = ServerStreams.builder().tokenKey(KEY).build();
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .advertise("127.0.0.1")
            .addService(streams.resumable(new Orders()))
            .build()
            .start();
    servers.add(server);
    toClose.add(streams);
    return server;
  }

  private Events follow(int port) {
    StreamEvents moves =
        new StreamEvents() {
          @Override
          public void onMoved(long lastProcessed) {
            moved.incrementAndGet();
          }
        };
    ClientStreams streams = ClientStreams.builder().events(moves).build();
    ManagedChannel channel =
        Grpc.newChannelBuilderForAddress("127.0.0.1", port, InsecureChannelCredentials.create())
            .intercept(streams)
            .build();
    toClose.add(streams);
    toClose.add(channel::shutdownNow);
    Events events = new Events();
    OrdersGrpc.newStub(channel).follow(FollowRequest.newBuilder().setId("7").build(), events);
    return events;
  }

  private final class Orders extends OrdersGrpc.OrdersImplBase {
    @Override
    public void follow(FollowRequest request, StreamObserver<OrderEvent> answers) {
      handlers.incrementAndGet();
      StreamCursor cursor = StreamCursor.current();
      long next = cursor.resumedFrom().map(bytes -> ByteBuffer.wrap(bytes).getLong()).orElse(0L);
      ServerCallStreamObserver<OrderEvent> call = (ServerCallStreamObserver<OrderEvent>) answers;
      call.setOnCancelHandler(() -> {});
      send(call, cursor, next);
    }

    private void send(ServerCallStreamObserver<OrderEvent> call, StreamCursor cursor, long number) {
      if (!call.isCancelled()) {
        call.onNext(OrderEvent.newBuilder().setSequence(number).build());
        if (marking) {
          cursor.mark(ByteBuffer.allocate(Long.BYTES).putLong(number + 1).array());
        }
        var unused =
            ticks.schedule(
                () -> send(call, cursor, number + 1), TICK_MILLIS, TimeUnit.MILLISECONDS);
      }
    }
  }

  private static final class Events implements StreamObserver<OrderEvent> {
    private final List<Long> numbers = new CopyOnWriteArrayList<>();
    private final List<String> ends = new CopyOnWriteArrayList<>();

    void awaitMore() {
      int before = numbers.size();
      await().atMost(PATIENCE).until(() -> !ends.isEmpty() || numbers.size() > before + 20);
      assertThat(ends).isEmpty();
    }

    void assertWhole() {
      List<Long> heard = List.copyOf(numbers);
      assertThat(heard).isEqualTo(LongStream.range(0, heard.size()).boxed().toList());
    }

    @Override
    public void onNext(OrderEvent event) {
      numbers.add(event.getSequence());
    }

    @Override
    public void onError(Throwable failure) {
      ends.add(failure.toString());
    }

    @Override
    public void onCompleted() {
      ends.add("completed");
    }
  }
}
