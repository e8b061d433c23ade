package dev.holdfast.cli.run;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A client of one server's health service, grpc.health.v1. */
final class GrpcHealthClient implements AutoCloseable {

  /** The result of a health check. */
  enum GrpcHealthResult {
    /** The server answered with the status SERVING. */
    SERVING,
    /** The server answered another status than SERVING, or does not know the service. */
    NOT_SERVING,
    /** The server speaks HTTP/2 but has no health service, or denies access to it. */
    NO_HEALTH_SERVICE,
    /** No connection, a broken one, or one that speaks something else. */
    FAILED,
    /** The server gave no answer within the time limit. */
    SILENT
  }

  private final ManagedChannel channel;
  private final HealthCheckRequest request;

  GrpcHealthClient(String host, ProgramHealthOptions options) {
    ChannelCredentials credentials =
        options.mode() == ProgramHealthOptions.Mode.GRPC_TLS
            ? TlsChannelCredentials.newBuilder().trustManager(new InsecureServerTrust()).build()
            : InsecureChannelCredentials.create();
    channel =
        Grpc.newChannelBuilderForAddress(host, options.port(), credentials)
            .directExecutor()
            .build();
    request = HealthCheckRequest.newBuilder().setService(options.service()).build();
  }

  /** Asks once and waits for the answer. */
  GrpcHealthResult ask(Duration limit) {
    try {
      return of(
          HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(limit.toMillis(), TimeUnit.MILLISECONDS)
              .check(request));
    } catch (StatusRuntimeException e) {
      return of(e.getStatus());
    }
  }

  /**
   * Hears every change until the stream ends; the last answer is then the reason of the end.
   *
   * <p>Called on gRPC's threads.
   */
  void watch(Consumer<GrpcHealthResult> consumer) {
    HealthGrpc.newStub(channel)
        .watch(
            request,
            new StreamObserver<>() {
              @Override
              public void onNext(HealthCheckResponse response) {
                consumer.accept(of(response));
              }

              @Override
              public void onError(Throwable failure) {
                consumer.accept(of(Status.fromThrowable(failure)));
              }

              @Override
              public void onCompleted() {
                consumer.accept(GrpcHealthResult.FAILED);
              }
            });
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  private static GrpcHealthResult of(HealthCheckResponse response) {
    return response.getStatus() == HealthCheckResponse.ServingStatus.SERVING
        ? GrpcHealthResult.SERVING
        : GrpcHealthResult.NOT_SERVING;
  }

  private static GrpcHealthResult of(Status status) {
    return switch (status.getCode()) {
      case UNIMPLEMENTED, UNAUTHENTICATED, PERMISSION_DENIED -> GrpcHealthResult.NO_HEALTH_SERVICE;
      case NOT_FOUND -> GrpcHealthResult.NOT_SERVING;
      case DEADLINE_EXCEEDED -> GrpcHealthResult.SILENT;
      default -> GrpcHealthResult.FAILED;
    };
  }
}
