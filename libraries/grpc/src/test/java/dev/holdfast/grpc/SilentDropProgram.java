package dev.holdfast.grpc;

import static org.awaitility.Awaitility.await;

import dev.holdfast.lab.Middlebox;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A program of grpc-java as others write it, for a JVM of its own, whose path forgets each of its
 * connections once: says how the next call over each fared, and whether each side noticed.
 *
 * <p>Arguments: how to make the server, how many seconds a call may take, and whether something is
 * expected to notice.
 */
final class SilentDropProgram {
  /** The safe idle time of a path of 2 s is one second. */
  private static final Duration QUIET = Duration.ofMillis(1_500);

  /**
   * Until each side's kernel has acknowledged everything, delayed acknowledgements too. What was
   * not, the lab's kernel would send again over a path that is said to be forgotten.
   */
  private static final Duration SETTLED = Duration.ofMillis(300);

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private SilentDropProgram() {}

  public static void main(String[] args) throws Exception {
    int deadlineSeconds = Integer.parseInt(args[1]);
    boolean watched = Boolean.parseBoolean(args[2]);
    Metrics.addRegistry(new SimpleMeterRegistry());
    Server server =
        server(args[0]).addService(new WordsService("plain").definition()).build().start();
    try (Middlebox path = Middlebox.toPort(server.getPort()).start()) {
      Map<String, ManagedChannel> channels = channels(path.port());
      channels.forEach((how, channel) -> say(how + " before", channel, 60));
      pass(SETTLED);
      path.forgetFlows();
      pass(QUIET);
      channels.forEach((how, channel) -> say(how + " after", channel, deadlineSeconds));
      if (watched) {
        // The calls say enough of the clients; the server has only its own silence to go by.
        await().atMost(PATIENCE).until(() -> suspected() >= channels.size());
      }
      System.out.println("raced by client=" + raced());
      System.out.println("suspected by server=" + suspected());
      channels.values().forEach(ManagedChannel::shutdownNow);
    }
    server.shutdownNow();
  }

  private static void pass(Duration time) {
    long beganNanos = System.nanoTime();
    await().until(() -> System.nanoTime() - beganNanos > time.toNanos());
  }

  private static ServerBuilder<?> server(String how) {
    return how.equals("forPort")
        ? ServerBuilder.forPort(0)
        : Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create());
  }

  private static Map<String, ManagedChannel> channels(int port) {
    Map<String, ManagedChannel> channels = new LinkedHashMap<>();
    String target = "127.0.0.1:" + port;
    channels.put("forTarget", ManagedChannelBuilder.forTarget(target).usePlaintext().build());
    channels.put(
        "forAddress", ManagedChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build());
    channels.put(
        "newChannelBuilder",
        Grpc.newChannelBuilder(target, InsecureChannelCredentials.create()).build());
    return channels;
  }

  private static void say(String when, ManagedChannel channel, int deadlineSeconds) {
    String word;
    try {
      word = LoopbackTopology.call(channel, WordsService.PLACE, deadlineSeconds);
    } catch (StatusRuntimeException e) {
      word = e.getStatus().getCode().name();
    }
    System.out.println(when + "=" + word);
  }

  /** A replacement that took over, or stood ready when the old connection ended. */
  private static int raced() {
    return sum("holdfast.grpc.replacements", "outcome", "took_over")
        + sum("holdfast.grpc.replacements", "outcome", "adopted");
  }

  private static int suspected() {
    return sum("holdfast.liveness.suspected", "role", "server");
  }

  private static int sum(String meter, String tag, String value) {
    return (int)
        Metrics.globalRegistry.find(meter).tag(tag, value).counters().stream()
            .mapToDouble(Counter::count)
            .sum();
  }
}
