package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.core.local.FreePort;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.streams.SessionEnd;
import io.grpc.CallOptions;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Three instances that are restarted one after the other, under streams that never stop. */
class RollingStreamsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int INSTANCES = 3;
  private static final int STREAMS = 6;

  private final StreamTopology topology = new StreamTopology();

  /** What the servers processed of each stream, in their order. */
  private final Map<String, List<Integer>> processed = new ConcurrentHashMap<>();

  private final AtomicBoolean rolling = new AtomicBoolean(true);
  private final ScheduledExecutorService ticks = Executors.newSingleThreadScheduledExecutor();

  @AfterEach
  void close() throws Exception {
    rolling.set(false);
    ticks.shutdownNow();
    topology.close();
  }

  @Test
  void eachStreamHearsOnceOfEachMoveAndNothingIsLostOrDoneTwice() throws Exception {
    List<HoldfastServer> servers = new ArrayList<>();
    for (int i = 0; i < INSTANCES; i++) {
      servers.add(serve(FreePort.find()));
    }
    ManagedChannel channel =
        HoldfastChannelBuilder.forTarget(
                FixedInstances.target(servers.stream().map(HoldfastServer::getPort).toList()),
                InsecureChannelCredentials.create())
            .loadBalancing("round_robin")
            .intercept(topology.clientStreams().build())
            .build();
    topology.closing(channel::shutdownNow);
    List<Talker> talkers =
        IntStream.range(0, STREAMS).mapToObj(i -> new Talker(channel, i)).toList();
    talkers.forEach(Talker::start);

    for (HoldfastServer old : servers) {
      int port = old.getPort();
      talkers.forEach(Talker::awaitMore);
      old.shutdown();
      assertThat(old.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      var unused = serve(port);
    }
    talkers.forEach(Talker::awaitMore);
    rolling.set(false);
    talkers.forEach(Talker::complete);

    for (Talker talker : talkers) {
      int sent = talker.awaitEnd();
      assertThat(talker.lost).isEmpty();
      assertThat(talker.movedTwice).hasValue(0);
      assertThat(processed.get(talker.name))
          .as(talker.name)
          .isEqualTo(IntStream.range(0, sent).boxed().toList());
    }
    assertThat(talkers.stream().mapToInt(talker -> talker.moves.get()).sum()).isPositive();
  }

  private HoldfastServer serve(int port) throws IOException {
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                InsecureServerCredentials.create())
            .advertise("127.0.0.1")
            .drain(DrainOptions.DEFAULT.withGrace(Duration.ofSeconds(30)))
            .addService(
                topology.serverStreams().build().resumable(StreamTopology.talk(this::record)))
            .build()
            .start();
    topology.closing(() -> StreamTopology.stop(server));
    return server;
  }

  private StreamObserver<StringValue> record(StreamObserver<StringValue> answers) {
    return new StreamObserver<>() {
      @Override
      public void onNext(StringValue message) {
        String[] parts = message.getValue().split(" ", 2);
        processed
            .computeIfAbsent(parts[0], name -> new CopyOnWriteArrayList<>())
            .add(Integer.valueOf(parts[1]));
      }

      @Override
      public void onError(Throwable failure) {
        // The client goes on elsewhere.
      }

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }

  /** An application that sends numbers, and goes on elsewhere when it is told to. */
  private final class Talker {
    private final ManagedChannel channel;
    private final String name;
    private final List<SessionEnd> lost = new CopyOnWriteArrayList<>();
    private final AtomicInteger moves = new AtomicInteger();
    private final AtomicInteger movedTwice = new AtomicInteger();
    private final AtomicBoolean complete = new AtomicBoolean();
    private @Nullable Part current;
    private int next;

    Talker(ManagedChannel channel, int number) {
      this.channel = channel;
      this.name = "s" + number;
    }

    void start() {
      open(0);
      var unused = ticks.scheduleWithFixedDelay(this::talk, 0, 1, TimeUnit.MILLISECONDS);
    }

    private synchronized void talk() {
      StreamObserver<StringValue> requests = Objects.requireNonNull(current).requests;
      for (int i = 0; i < 5 && rolling.get(); i++) {
        if (requests instanceof ClientCallStreamObserver<?> call && call.isReady()) {
          requests.onNext(StringValue.of(name + " " + next));
          next++;
        }
      }
    }

    synchronized void complete() {
      Objects.requireNonNull(current).requests.onCompleted();
    }

    private synchronized void open(int from) {
      Part part = new Part(from);
      current = part;
      next = from;
      part.requests =
          StreamTopology.open(
              channel, CallOptions.DEFAULT.withOption(StreamEvents.KEY, part), part);
    }

    void awaitMore() {
      int now = heard();
      await().atMost(PATIENCE).until(() -> heard() > now + 100);
    }

    int awaitEnd() {
      await(name).atMost(PATIENCE).until(() -> complete.get() || !lost.isEmpty());
      synchronized (this) {
        return next;
      }
    }

    private int heard() {
      List<Integer> numbers = processed.get(name);
      return numbers == null ? 0 : numbers.size();
    }

    /** One stream after the other. */
    private final class Part implements StreamObserver<StringValue>, StreamEvents {
      private final int from;
      private final AtomicInteger moved = new AtomicInteger();
      private StreamObserver<StringValue> requests = StreamTopology.silent();

      Part(int from) {
        this.from = from;
      }

      @Override
      public void onMoved(long lastProcessed) {
        moves.incrementAndGet();
        if (moved.incrementAndGet() > 1) {
          movedTwice.incrementAndGet();
        }
        open(from + (int) lastProcessed);
      }

      @Override
      public void onLost(SessionEnd end) {
        lost.add(end);
      }

      @Override
      public void onNext(StringValue message) {}

      @Override
      public void onError(Throwable failure) {
        // The end of a stream that moved, or lost, which is told above.
      }

      @Override
      public void onCompleted() {
        complete.set(true);
      }
    }
  }
}
