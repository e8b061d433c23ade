package dev.holdfast.streams.grpc;

import static org.awaitility.Awaitility.await;

import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.streams.SessionEnd;
import io.grpc.ClientInterceptor;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ServerServiceDefinition;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * Instances with one key, the channel of a client to all of them, and what its streams were told.
 */
final class CursorFleet implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(60);

  static final byte[] KEY = "a key of all the instances of it".getBytes(StandardCharsets.UTF_8);

  final StreamTopology topology = new StreamTopology();

  /** The events of all streams, in the order of their arrival. */
  final List<String> events = new CopyOnWriteArrayList<>();

  /** Starts an instance. */
  HoldfastServer serve(int port, ServerStreams.Builder streams, ServerServiceDefinition... services)
      throws IOException {
    return serve(port, streams.tokenKey(KEY).build(), services);
  }

  HoldfastServer serve(int port, ServerStreams streams, ServerServiceDefinition... services)
      throws IOException {
    HoldfastServerBuilder builder = builder(port);
    topology.closing(streams);
    for (ServerServiceDefinition service : services) {
      builder.addService(streams.resumable(service));
    }
    HoldfastServer server = builder.build().start();
    topology.closing(() -> StreamTopology.stop(server));
    return server;
  }

  static HoldfastServerBuilder builder(int port) {
    return HoldfastServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
            InsecureServerCredentials.create())
        .advertise("127.0.0.1")
        .drain(DrainOptions.DEFAULT.withGrace(Duration.ofSeconds(10)));
  }

  static void drain(HoldfastServer server) throws InterruptedException {
    server.shutdown();
    if (!server.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new IllegalStateException("the server did not stop");
    }
  }

  /**
   * A channel to these instances, of which only the first one may be there yet.
   *
   * @param below interceptors that meet each attachment
   */
  ManagedChannel channelTo(
      List<Integer> ports, ClientStreams.Builder streams, ClientInterceptor... below) {
    HoldfastChannelBuilder builder =
        HoldfastChannelBuilder.forTarget(
                FixedInstances.target(ports), InsecureChannelCredentials.create())
            .loadBalancing("round_robin")
            .intercept(below)
            .intercept(streams.events(recording()).build());
    ManagedChannel channel = builder.build();
    topology.closing(channel::shutdownNow);
    return channel;
  }

  private StreamEvents recording() {
    return new StreamEvents() {
      @Override
      public void onMoved(long lastProcessed) {
        events.add("MOVED");
      }

      @Override
      public void onWaiting(Duration left, String cause) {
        events.add("WAITING");
      }

      @Override
      public void onLost(SessionEnd end) {
        events.add(end.kind().name());
      }
    };
  }

  /** Waits until each of them has heard a hundred messages more, or its end. */
  static void awaitMore(RecordingObserver... observers) {
    List<Integer> before = List.of(observers).stream().map(one -> one.count()).toList();
    for (int i = 0; i < observers.length; i++) {
      RecordingObserver observer = observers[i];
      int least = before.get(i) + 100;
      await().atMost(PATIENCE).until(() -> observer.count() >= least || observer.ends() > 0);
    }
  }

  @Override
  public void close() throws Exception {
    topology.close();
  }
}
