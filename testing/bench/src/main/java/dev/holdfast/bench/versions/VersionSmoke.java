package dev.holdfast.bench.versions;

import com.google.protobuf.StringValue;
import dev.holdfast.core.PathProfile;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.grpc.metrics.GrpcMetrics;
import dev.holdfast.registry.etcd.local.LocalEtcdMembers;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The program that {@link Versions} starts with each class path: channels, the policy {@code
 * holdfast}, servers, streams and registries, on real sockets and a real etcd.
 *
 * <p>Arguments: a folder for files, then what to show, of {@code builders}, {@code etcd}, {@code
 * stock} and {@code shaded}. Prints a line per part, and ends with exit code 1 at the first that
 * fails.
 */
public final class VersionSmoke {
  private static final int PATIENCE_SECONDS = 180;
  private static final int CALLS = 20;

  private VersionSmoke() {}

  /** The program. */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    for (String part : List.of(args).subList(1, args.length)) {
      switch (part) {
        case "builders" -> builders("file://" + Files.createDirectories(folder.resolve(part)));
        case "etcd" -> etcd(folder.resolve(part));
        case "stock" -> stock();
        case "shaded" -> shaded(Files.createDirectories(folder.resolve(part).resolve("orders")));
        default ->
            throw new IllegalArgumentException(
                part + " (expected: builders, etcd, stock or shaded)");
      }
      System.out.println("ok " + part);
    }
    System.exit(0);
  }

  /** Holdfast's own builders: registered, found, balanced, watched, drained. */
  private static void builders(String registry) throws Exception {
    String target = registry + "/orders";
    MeterRegistry meters = new SimpleMeterRegistry();
    GrpcMetrics metrics = GrpcMetrics.of(meters);
    try (Running first = new Running("first", target, metrics);
        Running second = new Running("second", target, metrics)) {
      HoldfastChannelBuilder builder =
          HoldfastChannelBuilder.forTarget(target, InsecureChannelCredentials.create())
              .path(PathProfile.SWARM);
      metrics.configureChannelBuilder(builder);
      ManagedChannel channel = builder.build();
      try {
        requireBoth(channel);
        ManagedChannel stock =
            Grpc.newChannelBuilder(target, InsecureChannelCredentials.create()).build();
        requireBoth(stock);
        stock.shutdownNow();
        first.close();
        for (int i = 0; i < CALLS; i++) {
          require(ask(channel).equals("second"), "an answer of a server that has stopped");
        }
        require(
            meters.get("grpc.client.attempt.started").counter().count() > CALLS
                && meters.get("grpc.client.call.duration").timer().count() > CALLS
                && meters.get("grpc.server.call.started").counter().count() > CALLS,
            "gRPC's own metrics missing");
      } finally {
        channel.shutdownNow();
      }
    }
  }

  /** The same from a real etcd. */
  private static void etcd(Path folder) throws Exception {
    try (LocalEtcdMembers etcd = LocalEtcdMembers.of("etcd", 1, folder, List.of())) {
      etcd.startAll();
      builders("etcd://127.0.0.1:" + etcd.processes().get(0).ports().client() + "/versions");
    }
  }

  /**
   * gRPC's own builders with the jars on the class path, and {@code holdfast.path} and {@code
   * holdfast.streams} set: a stream goes on over a new connection.
   */
  private static void stock() throws Exception {
    Server server = stockServer("stock");
    try (CuttableRelay relay = new CuttableRelay(server.getPort())) {
      ManagedChannel channel =
          Grpc.newChannelBuilder("127.0.0.1:" + relay.port(), InsecureChannelCredentials.create())
              .build();
      try {
        require(ask(channel).equals("stock"), "another server");
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        StreamObserver<StringValue> stream =
            ClientCalls.asyncBidiStreamingCall(
                channel.newCall(TextService.ECHO, CallOptions.DEFAULT), new Heard(heard));
        stream.onNext(StringValue.of("before"));
        requireHeard(heard, "before");
        relay.cut();
        stream.onNext(StringValue.of("after"));
        requireHeard(heard, "after");
        stream.onCompleted();
        requireHeard(heard, Heard.END);
      } finally {
        channel.shutdownNow();
      }
    } finally {
      server.shutdownNow();
    }
  }

  /** Without grpc-netty: a registry's list, balanced, on gRPC's own channels and servers. */
  private static void shaded(Path service) throws Exception {
    Server first = stockServer("first");
    Server second = stockServer("second");
    Files.writeString(
        service.resolve("orders.list"),
        "127.0.0.1:%d\n127.0.0.1:%d\n".formatted(first.getPort(), second.getPort()));
    ManagedChannel channel =
        Grpc.newChannelBuilder("file://" + service, InsecureChannelCredentials.create())
            .defaultLoadBalancingPolicy("holdfast")
            .build();
    try {
      requireBoth(channel);
    } finally {
      channel.shutdownNow();
      first.shutdownNow();
      second.shutdownNow();
    }
  }

  private static Server stockServer(String name) throws IOException {
    return Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
        .addService(TextService.of(name))
        .build()
        .start();
  }

  private static void requireBoth(ManagedChannel channel) {
    Set<String> answers = new TreeSet<>();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (answers.size() < 2 && System.nanoTime() < end) {
      answers.add(ask(channel));
    }
    require(answers.equals(Set.of("first", "second")), "answers of " + answers);
  }

  private static String ask(ManagedChannel channel) {
    return ClientCalls.blockingUnaryCall(
            channel,
            TextService.ASK,
            CallOptions.DEFAULT
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .withWaitForReady(),
            StringValue.of("who"))
        .getValue();
  }

  private static void requireHeard(BlockingQueue<String> heard, String expected)
      throws InterruptedException {
    String next = heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    require(expected.equals(next), "heard " + next + " (expected: " + expected + ")");
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalStateException(otherwise);
    }
  }

  /** A server that is registered until it is closed. */
  private static final class Running implements AutoCloseable {
    final HoldfastServer server;

    Running(String name, String target, GrpcMetrics metrics) throws Exception {
      HoldfastServerBuilder builder =
          HoldfastServerBuilder.forPort(0, InsecureServerCredentials.create())
              .addService(TextService.of(name))
              .register(target)
              .advertise("127.0.0.1")
              .path(PathProfile.SWARM);
      metrics.configureServerBuilder(builder);
      server = builder.build().start();
    }

    @Override
    public void close() throws InterruptedException {
      server.shutdown();
      require(
          server.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS), "server still terminating");
    }
  }

  /** The messages of a stream, and how it ended. */
  private static final class Heard implements StreamObserver<StringValue> {
    static final String END = "the end";

    private final BlockingQueue<String> queue;

    Heard(BlockingQueue<String> queue) {
      this.queue = queue;
    }

    @Override
    public void onNext(StringValue value) {
      queue.add(value.getValue());
    }

    @Override
    public void onError(Throwable failure) {
      queue.add("failed: " + failure);
    }

    @Override
    public void onCompleted() {
      queue.add(END);
    }
  }
}
