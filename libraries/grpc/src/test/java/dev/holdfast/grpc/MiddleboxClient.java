package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.lab.FlowEvent;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A channel of ours to a server of somebody's, through a path of its own, and what became of it.
 */
final class MiddleboxClient implements AutoCloseable {
  final String title;
  final Middlebox path;
  final List<String> words = new CopyOnWriteArrayList<>();
  private final List<FlowEvent> flowEvents = new CopyOnWriteArrayList<>();
  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final ManagedChannel channel;

  MiddleboxClient(String title, int port, LivenessOptions options) {
    this(title, port, options, netty -> {});
  }

  private MiddleboxClient(
      String title, int port, LivenessOptions options, Consumer<NettyChannelBuilder> settings) {
    this.title = title;
    path = Middlebox.toPort(port).events(flowEvents::add).start();
    loopbackTopology.store.put(
        LoopbackTopology.WORDS, Endpoint.of(new HostPort("127.0.0.1", path.port()).toString()));
    channel =
        loopbackTopology.channel(
            loopbackTopology
                .builder()
                .retryIdempotent(false)
                .liveness(options)
                .configureNetty(settings));
  }

  /**
   * gRPC measures the bandwidth by a PING after DATA, which uses up what DATA earned; it does not
   * where the window is fixed.
   */
  static MiddleboxClient withoutPingsOfGrpc(String title, int port, LivenessOptions options) {
    return new MiddleboxClient(
        title,
        port,
        options,
        netty -> netty.flowControlWindow(NettyChannelBuilder.DEFAULT_FLOW_CONTROL_WINDOW));
  }

  String call() {
    return LoopbackTopology.call(channel, WordsService.PLACE);
  }

  /** Opens a stream and keeps it; {@link #words} tells what came, and how it ended. */
  MiddleboxClient follow(String request) {
    ClientCalls.asyncServerStreamingCall(
        channel.newCall(WordsService.FOLLOW, CallOptions.DEFAULT),
        request,
        new StreamObserver<>() {
          @Override
          public void onNext(String word) {
            words.add(word);
          }

          @Override
          public void onError(Throwable t) {
            words.add("ended: " + Status.fromThrowable(t));
          }

          @Override
          public void onCompleted() {
            words.add("ended: OK");
          }
        });
    return this;
  }

  /** How many PINGs were sent for liveness; gRPC's own for bandwidth come on top. */
  int probes() {
    return (int)
        loopbackTopology
            .meters
            .get("holdfast.liveness.probes")
            .tag("role", "client")
            .counter()
            .count();
  }

  /** Connections that ended, but for those that this side closed itself. */
  int lost() {
    return (int)
        loopbackTopology
            .meters
            .get("holdfast.liveness.closed")
            .tag("role", "client")
            .counters()
            .stream()
            .filter(
                counter -> !CloseReason.CLOSED_HERE.code().equals(counter.getId().getTag("code")))
            .mapToDouble(Counter::count)
            .sum();
  }

  /** Connections that ended for this. */
  int ended(CloseReason why) {
    return (int) loopbackTopology.count("holdfast.liveness.closed", "code", why.code());
  }

  void assertUnharmed() {
    assertThat(words).as(title).noneMatch(word -> word.startsWith("ended"));
    assertThat(lost()).as(title + ": connections lost, after " + probes() + " probes").isZero();
    assertThat(call()).as(title).isNotEmpty();
    assertThat(path.counts().resets()).as(title).isZero();
  }

  void assertStreamGoesOn() {
    int before = words.size();
    await().atMost(Duration.ofSeconds(60)).until(() -> words.size() > before + 2);
  }

  /**
   * A server's GOAWAY would make a further connection; on a busy machine so do replacements. Not by
   * the count of the path: its port may be one that others still try to reach.
   */
  void assertOnOneConnection() {
    await()
        .untilAsserted(
            () ->
                assertThat(connections())
                    .as(() -> title + ": connections, of " + flowEvents)
                    .isBetween(1L, 1 + replacements()));
  }

  /** How many connections the channel has opened so far. */
  private long connections() {
    return (long)
        Stream.concat(
                loopbackTopology.meters.find("holdfast.liveness.connections").gauges().stream()
                    .map(Gauge::value),
                loopbackTopology.meters.find("holdfast.liveness.closed").counters().stream()
                    .map(Counter::count))
            .mapToDouble(Double::doubleValue)
            .sum();
  }

  private long replacements() {
    return (long)
        loopbackTopology.meters.find("holdfast.grpc.replacements").counters().stream()
            .mapToDouble(Counter::count)
            .sum();
  }

  @Override
  public String toString() {
    return title + ", " + probes() + " probes";
  }

  @Override
  public void close() {
    loopbackTopology.close();
    path.close();
  }
}
