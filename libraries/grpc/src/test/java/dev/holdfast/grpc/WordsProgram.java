package dev.holdfast.grpc;

import dev.holdfast.liveness.LivenessOptions;
import io.grpc.InsecureServerCredentials;
import java.io.OutputStream;
import java.time.Duration;

/**
 * A server of words in a JVM of its own: {@code name}. It ends with its standard input, and says
 * which client is gone and why.
 */
final class WordsProgram {
  private static final LivenessOptions QUICK =
      LivenessOptions.DEFAULT
          .withProbing(Duration.ofSeconds(1), Duration.ofSeconds(1))
          .withPatience(Duration.ofSeconds(4), Duration.ofSeconds(6));

  private WordsProgram() {}

  public static void main(String[] args) throws Exception {
    HoldfastServer server =
        LoopbackTopology.permitting(
                HoldfastServerBuilder.forAddress(
                    LoopbackTopology.at(0), InsecureServerCredentials.create()))
            .liveness(QUICK)
            .onClientGone(gone -> System.out.println("gone " + gone.reason().code()))
            .addService(new WordsService(args[0]).definition())
            .build()
            .start();
    System.out.println("sockets " + CallerProgram.kindOfSockets());
    System.out.println("port " + server.getPort());
    var unused = System.in.transferTo(OutputStream.nullOutputStream());
    server.shutdownNow();
  }
}
