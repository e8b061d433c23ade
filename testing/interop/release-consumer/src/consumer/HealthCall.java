package consumer;

import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import java.util.concurrent.TimeUnit;

/**
 * A program of somebody else, which has Holdfast from a repository: a server that registers itself, and a channel that
 * finds it there.
 */
public final class HealthCall {
  private HealthCall() {}

  /** Calls the server once; the argument is the target, such as {@code file:///tmp/prod/orders}. */
  public static void main(String[] args) throws Exception {
    HoldfastServer server =
        HoldfastServerBuilder.forPort(0, InsecureServerCredentials.create())
            .register(args[0])
            .build()
            .start();
    ManagedChannel channel =
        HoldfastChannelBuilder.forTarget(args[0], InsecureChannelCredentials.create()).build();
    HealthCheckResponse answer =
        HealthGrpc.newBlockingStub(channel)
            .withWaitForReady()
            .withDeadlineAfter(30, TimeUnit.SECONDS)
            .check(HealthCheckRequest.getDefaultInstance());
    System.out.println("CONSUMER " + answer.getStatus());
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    server.shutdownNow().awaitTermination();
  }
}
