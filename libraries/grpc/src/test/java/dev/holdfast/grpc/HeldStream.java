package dev.holdfast.grpc;

import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A stream that a client holds open: what it heard on it, and how it ended. */
public final class HeldStream implements StreamObserver<String> {
  private static final int PATIENCE_SECONDS = 240;

  private final List<String> heard = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Status> end = new CompletableFuture<>();
  private @Nullable StreamObserver<String> said;

  private HeldStream() {}

  /** A stream that only listens; see {@link WordsService#FOLLOW}. */
  public static HeldStream follow(Channel channel, String request) {
    HeldStream stream = new HeldStream();
    ClientCalls.asyncServerStreamingCall(
        channel.newCall(WordsService.FOLLOW, CallOptions.DEFAULT), request, stream);
    return stream;
  }

  /** A stream that is answered word by word; see {@link WordsService#TALK}. */
  static HeldStream talk(Channel channel) {
    HeldStream stream = new HeldStream();
    stream.said =
        ClientCalls.asyncBidiStreamingCall(
            channel.newCall(WordsService.TALK, CallOptions.DEFAULT), stream);
    return stream;
  }

  /**
   * A stream that has been answered. On a busy machine one may end before it is, as its peer counts
   * as silent; then there is another one. One that ends otherwise is returned as it is.
   */
  static HeldStream answered(Channel channel) {
    long startNanos = System.nanoTime();
    while (true) {
      HeldStream stream = talk(channel);
      await()
          .atMost(Duration.ofSeconds(PATIENCE_SECONDS))
          .until(() -> !stream.heard().isEmpty() || !stream.isOpen());
      if (!stream.heard().isEmpty()
          || !endedInSilence(stream)
          || System.nanoTime() - startNanos > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
        return stream;
      }
    }
  }

  private static boolean endedInSilence(HeldStream stream) {
    return String.valueOf(stream.end.join().getDescription()).startsWith("HF-40");
  }

  /** Only where it talks. */
  void say(String word) {
    Objects.requireNonNull(said).onNext(word);
  }

  /** Says that nothing more will be said. */
  void hangUp() {
    Objects.requireNonNull(said).onCompleted();
  }

  public List<String> heard() {
    return heard;
  }

  public boolean isOpen() {
    return !end.isDone();
  }

  CompletableFuture<Status> end() {
    return end;
  }

  /** How it ended, or ends. */
  Status awaitEnd() throws Exception {
    return end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void onNext(String word) {
    heard.add(word);
  }

  @Override
  public void onError(Throwable t) {
    end.complete(Status.fromThrowable(t));
  }

  @Override
  public void onCompleted() {
    end.complete(Status.OK);
  }
}
