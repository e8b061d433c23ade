package dev.holdfast.grpc;

import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.stub.ClientCalls;
import java.util.concurrent.TimeUnit;

/** A program of grpc-java as others write it, for a JVM of its own; says who watches. */
final class PlainProgram {
  private PlainProgram() {}

  public static void main(String[] args) throws Exception {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new WordsService("plain").definition())
            .build()
            .start();
    ManagedChannel channel =
        Grpc.newChannelBuilder("localhost:" + server.getPort(), InsecureChannelCredentials.create())
            .build();
    String word =
        ClientCalls.blockingUnaryCall(
            channel,
            WordsService.GET,
            CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS),
            "word");
    boolean watched =
        Thread.getAllStackTraces().keySet().stream()
            .anyMatch(thread -> thread.getName().startsWith("holdfast-"));
    System.out.println("word=" + word + " watched=" + watched);
    channel.shutdownNow();
    server.shutdownNow();
  }
}
