package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.registry.etcd.proto.Event;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A stream of watches that is asked for a sign of life, over a simulated etcd 3.6. */
class WatchStreamTest {
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(30);

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final SimulatedEtcd etcd = new SimulatedEtcd(scheduler);
  private final SimulatedTransport transport =
      new SimulatedTransport(etcd, scheduler, new Random(1));
  private final List<String> heard = new ArrayList<>();
  private final WatchStream stream =
      new WatchStream(new EtcdStore(transport, Duration.ofSeconds(1)), scheduler, new Heard());

  /** etcd drops the request, as the watch is in step with the store 100 ms after its creation. */
  @Test
  void aProgressRequestWithoutAnAnswerIsRepeated() {
    stream.create(
        new RangeWatch(
            EtcdKeys.KeyRange.prefix("a/"),
            false,
            new NoListener(),
            new Backoff(EtcdWatcher.RETRY, new Random(1))),
        etcd.revision());
    scheduler.advance(Duration.ofMillis(30));
    assertThat(heard).containsExactly("created");

    stream.probe(() -> heard.add("alive"));
    scheduler.advance(Duration.ofMillis(60));
    assertThat(heard).as("the first request was answered").containsExactly("created");
    scheduler.advance(LONG_ENOUGH);

    assertThat(heard).containsExactly("created", "alive");
  }

  @Test
  void aStreamThatAnswersNoRequestIsBroken() {
    transport.numbStreams();

    stream.probe(() -> heard.add("alive"));
    scheduler.advance(LONG_ENOUGH);

    assertThat(heard).containsExactly("broken TIMEOUT");
  }

  private final class Heard implements WatchStream.WatchStreamListener {
    @Override
    public void onBroken(WatchStream broken, EtcdException cause) {
      heard.add("broken " + cause.error());
    }

    @Override
    public void onCanceled(RangeWatch range, EtcdException cause) {
      heard.add("canceled " + cause.error());
    }

    @Override
    public void onCreated(RangeWatch range) {
      heard.add("created");
    }

    @Override
    public void onBehind() {
      heard.add("behind");
    }
  }

  private static final class NoListener implements RangeWatch.RangeListener {
    @Override
    public void onList(RangeReader.RangeSnapshot list, long epoch) {}

    @Override
    public void onEvents(List<Event> events) {}

    @Override
    public void onConfirmed() {}

    @Override
    public void onFailure(EtcdException cause) {}
  }
}
