package dev.holdfast.streams.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.lab.process.RecordedJvm;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.grpc.ClientStreams;
import dev.holdfast.streams.grpc.StreamEvents;
import dev.holdfast.streams.redis.local.RedisProcess;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionFactory;

/** A Redis, server processes that share it, and a client whose way leads to one of them. */
final class RedisStreamTopology implements AutoCloseable {
  /** Messages that the client sends ahead of the answers. */
  private static final int AHEAD = 40;

  private final Path folder;
  private final RedisProcess redis;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<Path> ledgers = new ArrayList<>();
  private final TcpRelay relay = TcpRelay.toPort(1);
  private final ClientStreams streams =
      ClientStreams.builder().options(RecordingServer.options(Duration.ofMinutes(5))).build();
  private final ManagedChannel channel =
      NettyChannelBuilder.forAddress("127.0.0.1", relay.port())
          .usePlaintext()
          .intercept(streams)
          .build();

  final List<String> heard = new CopyOnWriteArrayList<>();
  final List<SessionEnd> lost = new CopyOnWriteArrayList<>();
  final List<Status> ends = new CopyOnWriteArrayList<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final StreamObserver<StringValue> requests;

  /** A process and the port at which it serves. */
  record Instance(RecordedJvm process, int port) {}

  RedisStreamTopology(Path folder, RedisProcess redis) {
    this.folder = folder;
    this.redis = redis;
    CallOptions options =
        CallOptions.DEFAULT.withOption(
            StreamEvents.KEY,
            new StreamEvents() {
              @Override
              public void onLost(SessionEnd end) {
                lost.add(end);
              }
            });
    relay.refuseNew();
    requests =
        ClientCalls.asyncBidiStreamingCall(
            channel.newCall(RecordingServer.TALK, options), new Ear());
  }

  static ConditionFactory patiently() {
    return await().atMost(Duration.ofSeconds(90)).pollInterval(Duration.ofMillis(20));
  }

  Instance instance() throws IOException {
    return instance("300");
  }

  Instance instance(String ttlSeconds) throws IOException {
    Path ledger = folder.resolve("ledger-" + ledgers.size());
    ledgers.add(ledger);
    RecordedJvm process =
        RecordedJvm.start(
            List.of("-Xmx96m"), RecordingServer.class, redis.uri(), ledger.toString(), ttlSeconds);
    open.add(process);
    return new Instance(process, Integer.parseInt(process.await("READY")));
  }

  /** From now on connections lead there; those that there are end. */
  void leadTo(Instance instance) {
    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), instance.port()));
    relay.heal();
    relay.cut();
  }

  /** Sends the numbers of a range, so many ahead of the answers. */
  void send(int from, int to) {
    for (int i = from; i <= to; i++) {
      int number = i;
      if (heard.size() < number - AHEAD) {
        patiently().until(() -> heard.size() >= number - AHEAD || ended.getCount() == 0);
      }
      requests.onNext(StringValue.of(Integer.toString(number)));
    }
  }

  /** Sends, and waits for all answers. */
  void talk(int from, int to) {
    send(from, to);
    awaitHeard(to);
  }

  void awaitHeard(int count) {
    patiently().until(() -> heard.size() >= count || ended.getCount() == 0);
  }

  void finish() {
    requests.onCompleted();
    awaitEnd();
  }

  void awaitEnd() {
    patiently().until(() -> ended.getCount() == 0);
  }

  /** The answers are all numbers up to one, in order, each once; and so it ended. */
  void assertAllHeard(int count) {
    assertThat(ends).containsExactly(Status.OK);
    assertThat(lost).isEmpty();
    assertThat(heard).isEqualTo(numbers(1, count));
  }

  /** What the handlers of an instance did, in order. */
  List<String> effectsAt(int instance) throws IOException {
    return Files.readAllLines(ledgers.get(instance));
  }

  static List<String> numbers(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(Integer::toString).toList();
  }

  @Override
  public void close() throws Exception {
    streams.close();
    channel.shutdownNow();
    relay.close();
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  private final class Ear implements StreamObserver<StringValue> {
    @Override
    public void onNext(StringValue message) {
      heard.add(message.getValue());
    }

    @Override
    public void onError(Throwable failure) {
      ends.add(Status.fromThrowable(failure));
      ended.countDown();
    }

    @Override
    public void onCompleted() {
      ends.add(Status.OK);
      ended.countDown();
    }
  }
}
