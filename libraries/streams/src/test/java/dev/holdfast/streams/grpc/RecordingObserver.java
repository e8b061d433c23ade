package dev.holdfast.streams.grpc;

import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Writes down what a client's observer is told, and that its end comes once. */
public class RecordingObserver implements StreamObserver<StringValue> {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final List<String> heard = new ArrayList<>();
  private final AtomicInteger ends = new AtomicInteger();
  private volatile @Nullable Status status;
  private volatile @Nullable Throwable failure;

  public static StringValue message(String text) {
    return StringValue.of(text);
  }

  @Override
  public void onNext(StringValue message) {
    synchronized (heard) {
      heard.add(message.getValue());
    }
  }

  @Override
  public void onError(Throwable thrown) {
    failure = thrown;
    status = Status.fromThrowable(thrown);
    ends.incrementAndGet();
  }

  @Override
  public void onCompleted() {
    status = Status.OK;
    ends.incrementAndGet();
  }

  /** The messages so far. */
  public List<String> heard() {
    synchronized (heard) {
      return List.copyOf(heard);
    }
  }

  /** The number of messages so far. */
  public int count() {
    synchronized (heard) {
      return heard.size();
    }
  }

  public int ends() {
    return ends.get();
  }

  @Nullable Throwable failure() {
    return failure;
  }

  public void awaitCount(int least) {
    if (count() < least) {
      await()
          .pollInterval(Duration.ofMillis(5))
          .atMost(PATIENCE)
          .until(() -> count() >= least || ends.get() > 0);
    }
  }

  /** Its end, which has been counted by then. */
  public Status awaitEnd() {
    if (ends.get() == 0) {
      await().atMost(PATIENCE).until(() -> ends.get() > 0);
    }
    return java.util.Objects.requireNonNull(status);
  }
}
