package dev.holdfast.grpc;

import dev.holdfast.grpc.internal.transport.EventLoops;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A client of words in a JVM of its own: {@code target windowSeconds hardLimitSeconds}. It takes
 * orders by the line: {@code call}, {@code hold} (a stream), {@code say x} (on it), {@code heard},
 * {@code state}.
 */
final class CallerProgram {
  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final ManagedChannel channel;
  private final List<HeldStream> held = new ArrayList<>();

  private CallerProgram(String target, LivenessOptions liveness) {
    channel =
        HoldfastChannelBuilder.forTarget(
                target, InsecureChannelCredentials.create(), loopbackTopology.registries)
            .retryIdempotent(false)
            .liveness(liveness)
            .build();
  }

  public static void main(String[] args) throws Exception {
    LivenessOptions liveness =
        LivenessOptions.DEFAULT
            .withSafeIdle(Duration.ofSeconds(1))
            .withProbing(Duration.ofSeconds(1), Duration.ofSeconds(1))
            .withPingPermit(LoopbackTopology.PERMIT)
            .withPatience(seconds(args[1]), seconds(args[2]));
    CallerProgram program = new CallerProgram(args[0], liveness);
    say("sockets", kindOfSockets());
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      program.obey(order);
    }
    program.channel.shutdownNow();
  }

  static String kindOfSockets() {
    return EventLoops.shared() == EventLoops.nio() ? "nio" : "epoll";
  }

  private void obey(String order) {
    if (order.equals("call")) {
      say("answered", LoopbackTopology.answers(channel, 1, 20).get(0));
    } else if (order.equals("hold")) {
      held.add(HeldStream.talk(channel));
    } else if (order.startsWith("say ")) {
      held.forEach(stream -> stream.say(order.substring("say ".length())));
    } else if (order.equals("heard")) {
      say("heard", held.stream().map(CallerProgram::describe).toList().toString());
    } else {
      say(
          "state",
          "suspected="
              + (int) loopbackTopology.count("holdfast.liveness.suspected", "role", "client")
              + " took_over="
              + (int) loopbackTopology.count("holdfast.grpc.replacements", "outcome", "took_over"));
    }
  }

  private static String describe(HeldStream stream) {
    return stream.isOpen() ? String.join(",", stream.heard()) : "ended";
  }

  private static void say(String word, String rest) {
    System.out.println(word + " " + rest);
    System.out.flush();
  }

  private static Duration seconds(String text) {
    return Duration.ofSeconds(Long.parseLong(text));
  }
}
