package dev.holdfast.gateway;

import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The answers of a call. */
final class CollectedResponses implements StreamObserver<byte[]> {
  /** All of them, once the call ended well. */
  final CompletableFuture<List<byte[]>> done = new CompletableFuture<>();

  /** The first, or the failure before it. */
  final CompletableFuture<byte[]> first = new CompletableFuture<>();

  private final List<byte[]> messages = new ArrayList<>();

  @Override
  public void onNext(byte[] message) {
    messages.add(message);
    first.complete(message);
  }

  @Override
  public void onError(Throwable t) {
    done.completeExceptionally(t);
    first.completeExceptionally(t);
  }

  @Override
  public void onCompleted() {
    done.complete(messages);
  }
}
