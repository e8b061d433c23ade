package dev.holdfast.bench.registry;

import dev.holdfast.registry.etcd.proto.Event;
import dev.holdfast.registry.etcd.proto.WatchResponse;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The time at which a plain watch stream saw each key put: the lower bound for any watcher of etcd.
 */
final class PlainWatchTimes implements StreamObserver<WatchResponse> {
  private final Map<String, Long> putNanos = new ConcurrentHashMap<>();
  private volatile String broken = "";

  @Override
  public void onNext(WatchResponse response) {
    long now = System.nanoTime();
    for (Event event : response.getEventsList()) {
      if (event.getType() == Event.EventType.PUT) {
        putNanos.putIfAbsent(event.getKv().getKey().toStringUtf8(), now);
      }
    }
  }

  @Override
  public void onError(Throwable cause) {
    broken = cause.toString();
  }

  @Override
  public void onCompleted() {
    broken = "the server ended it";
  }

  /**
   * The time at which the watch saw the put of a key.
   *
   * @throws IllegalStateException when it is not seen in time
   */
  long awaitPut(String key, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!putNanos.containsKey(key)) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("the plain watch did not see " + key + " " + broken);
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
    return putNanos.get(key);
  }
}
