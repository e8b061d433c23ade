package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.holdfast.core.testkit.LogLines;
import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.registry.etcd.proto.KeyValue;
import dev.holdfast.registry.etcd.proto.RangeRequest;
import dev.holdfast.registry.etcd.proto.RangeResponse;
import dev.holdfast.registry.etcd.proto.ResponseHeader;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Where a list ends that has no end. Alone in its JVM for that time: it fills the memory, and what
 * the collector stops for loses the leases of others.
 */
@Isolated
class RangeReaderTest {
  private static final EtcdKeys.KeyRange ORDERS = EtcdKeys.KeyRange.prefix("prod/orders/");

  private final VirtualScheduler scheduler = new VirtualScheduler();
  private final List<Long> pageLimits = new ArrayList<>();

  @Test
  void aServiceWithoutEndIsCutAtItsLimitAndThatIsLogged() {
    try (LogLines log = LogLines.ofThisThread(RangeReader.class)) {
      RangeReader.RangeSnapshot list = read(new Endless(ByteString.copyFromUtf8("x"), 999), false);

      assertThat(list.records()).hasSize(RangeReader.MAX_RECORDS);
      assertThat(list.records().get(0).getKey().toStringUtf8()).isEqualTo("prod/orders/00000000");
      assertThat(pageLimits).allMatch(limit -> limit > 0 && limit <= RangeReader.PAGE_RECORDS);
      assertThat(log.untidy()).isEmpty();
      assertThat(log.all())
          .singleElement()
          .asString()
          .startsWith(
              "WARN event=etcd_list_truncated range=prod/orders/ records=100000 max_records=100");
    }
  }

  @Test
  void namesOfANamespaceAreReadFromManyMoreKeys() {
    RangeReader.RangeSnapshot list = read(new Endless(ByteString.EMPTY, 1000), true);

    assertThat(list.records()).hasSize(RangeReader.MAX_KEYS);
  }

  @Test
  void largeValuesOfOthersEndAListBeforeTheyFillTheMemory() {
    // One value for all records: the test needs no such memory.
    ByteString large = ByteString.copyFrom(new byte[1024 * 1024]);
    try (LogLines log = LogLines.ofThisThread(RangeReader.class)) {
      RangeReader.RangeSnapshot list = read(new Endless(large, 8), false);

      assertThat(list.records()).hasSize(256);
      assertThat(log.all()).singleElement().asString().contains(" records=256 ");
    }
  }

  @Test
  void aListThatEndsAtItsLimitIsWhole() {
    try (LogLines log = LogLines.ofThisThread(RangeReader.class)) {
      Endless store = new Endless(ByteString.EMPTY, 1000);
      store.records = RangeReader.MAX_RECORDS;

      assertThat(read(store, false).records()).hasSize(RangeReader.MAX_RECORDS);
      assertThat(log.all()).isEmpty();
    }
  }

  private RangeReader.RangeSnapshot read(Endless transport, boolean keysOnly) {
    AtomicReference<RangeReader.@Nullable RangeSnapshot> rangeSnapshot = new AtomicReference<>();
    new RangeReader(
            new EtcdStore(transport, Duration.ofSeconds(1)),
            scheduler.clock(),
            ORDERS,
            keysOnly,
            Duration.ofSeconds(10))
        .read(
            rangeSnapshot::set,
            error -> {
              throw error;
            });
    // Each answer is a task of its own, as it is with a real store.
    for (int page = 0; page <= 2000 && rangeSnapshot.get() == null; page++) {
      scheduler.advance(Duration.ZERO);
    }
    return Objects.requireNonNull(rangeSnapshot.get());
  }

  /** As many records as one cares to read, a page of a few at a time. */
  private final class Endless implements EtcdTransport {
    private final ByteString value;
    private final int perPage;
    private int records = Integer.MAX_VALUE;
    private int sent;

    Endless(ByteString value, int perPage) {
      this.value = value;
      this.perPage = perPage;
    }

    @Override
    @SuppressWarnings("unchecked") // only ranges are asked for
    public <Q, R> void call(
        MethodDescriptor<Q, R> method,
        Q request,
        Duration timeout,
        Consumer<? super R> onReply,
        Consumer<? super EtcdException> onError) {
      RangeResponse page = page((RangeRequest) request);
      scheduler.execute(() -> onReply.accept((R) page));
    }

    /** As it is sorted; a million of them are not formatted. */
    private static String key(int number) {
      return "prod/orders/" + Integer.toString(100_000_000 + number).substring(1);
    }

    private RangeResponse page(RangeRequest request) {
      pageLimits.add(request.getLimit());
      RangeResponse.Builder page =
          RangeResponse.newBuilder().setHeader(ResponseHeader.newBuilder().setRevision(7));
      for (int i = 0; i < Math.min(perPage, request.getLimit()) && sent < records; i++) {
        page.addKvs(
            KeyValue.newBuilder().setKey(ByteString.copyFromUtf8(key(sent++))).setValue(value));
      }
      return page.setMore(sent < records).build();
    }

    @Override
    public WatchCall openWatch(WatchCallListener listener) {
      throw new AssertionError("nothing is watched here");
    }

    @Override
    public Duration attemptTimeout() {
      return Duration.ofSeconds(1);
    }

    @Override
    public void close() {}
  }
}
