package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Clock;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.registry.etcd.EtcdKeys.KeyRange;
import dev.holdfast.registry.etcd.proto.KeyValue;
import dev.holdfast.registry.etcd.proto.RangeRequest;
import dev.holdfast.registry.etcd.proto.RangeResponse;
import dev.holdfast.registry.etcd.proto.ResponseHeader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A read of a key range, page by page, all at one revision.
 *
 * <p>Pages keep a service of 10,000 endpoints out of one huge message. A page that is still too
 * large, because of large foreign values, is requested again in ever smaller ones, down to single
 * records. Used once; confined to the scheduler.
 *
 * <p>A huge range must not exhaust memory: at the limits below the list ends, with a warning. The
 * list does not fail instead, because every client would then read as much again every two seconds,
 * and because the first 100,000 endpoints of a service are as good as all of them.
 */
final class RangeReader {
  private static final Logger log = LoggerFactory.getLogger(RangeReader.class);

  /** Records per page: at 300 bytes each, 300 kB. */
  @Limit(
      of = "records per page of a list",
      then = "the next page is asked for; fewer when they are large")
  static final int PAGE_RECORDS = 1000;

  // Coarse, because the member builds the whole page before it is refused.
  private static final int PAGE_SHRINKING = 8;

  /** The same maximum as in the file registry. */
  @Limit(of = "records of a service", then = "further ones are left out, and logged")
  static final int MAX_RECORDS = 100_000;

  /** Keys without values: those of all services of a namespace. */
  @Limit(
      of = "records of a namespace whose names are listed",
      then = "names of further ones may be left out, and it is logged")
  static final int MAX_KEYS = 1_000_000;

  /** Values of others may be large; ours have 300 bytes. */
  @Limit(of = "one list, all pages together", then = "further pages are left out, and logged")
  static final long MAX_LIST_BYTES = 256L * 1024 * 1024;

  @Limit(
      of = "times that a list begins anew when the store is compacted under it",
      then = "it counts as failed")
  private static final int MAX_RESTARTS = 3;

  private final EtcdStore store;
  private final Clock clock;
  private final KeyRange range;
  private final boolean keysOnly;
  private final long deadlineNanos;
  private final List<KeyValue> records = new ArrayList<>();
  private @Nullable ResponseHeader header;
  private long bytes;
  private int pageRecords = PAGE_RECORDS;
  private int restarts;

  /** The content of a key range at one revision. */
  record RangeSnapshot(ResponseHeader header, List<KeyValue> records) {
    long revision() {
      return header.getRevision();
    }
  }

  /**
   * @param keysOnly whether the values are left out
   * @param timeout after which the whole of it is given up
   */
  RangeReader(EtcdStore store, Clock clock, KeyRange range, boolean keysOnly, Duration timeout) {
    this.store = store;
    this.clock = clock;
    this.range = range;
    this.keysOnly = keysOnly;
    this.deadlineNanos = clock.nanoTime() + timeout.toNanos();
  }

  void read(Consumer<? super RangeSnapshot> onResult, Consumer<? super EtcdException> onError) {
    Duration left = Duration.ofNanos(deadlineNanos - clock.nanoTime());
    if (left.isNegative() || left.isZero()) {
      onError.accept(
          new EtcdException(EtcdError.TIMEOUT, "etcd: reading " + range + " took too long"));
      return;
    }
    RangeRequest.Builder page =
        RangeRequest.newBuilder()
            .setKey(nextKey())
            .setRangeEnd(range.end())
            .setLimit(Math.min(pageRecords, maxRecords() - records.size()))
            .setKeysOnly(keysOnly);
    if (header != null) {
      page.setRevision(header.getRevision());
    }
    store.range(
        page.build(),
        left,
        reply -> onPage(reply, onResult, onError),
        error -> onFailure(error, onResult, onError));
  }

  private int maxRecords() {
    return keysOnly ? MAX_KEYS : MAX_RECORDS;
  }

  private ByteString nextKey() {
    if (records.isEmpty()) {
      return range.key();
    }
    byte[] behind = {0};
    return records.get(records.size() - 1).getKey().concat(ByteString.copyFrom(behind));
  }

  private void onPage(
      RangeResponse reply,
      Consumer<? super RangeSnapshot> onResult,
      Consumer<? super EtcdException> onError) {
    ResponseHeader first = header == null ? reply.getHeader() : header;
    header = first;
    records.addAll(reply.getKvsList());
    bytes += reply.getSerializedSize();
    boolean more = reply.getMore() && reply.getKvsCount() > 0;
    if (more && !isFull()) {
      read(onResult, onError);
      return;
    }
    if (more) {
      log.warn(
          "event=etcd_list_truncated range={} records={} max_records={} bytes={} max_bytes={}",
          range,
          records.size(),
          maxRecords(),
          bytes,
          MAX_LIST_BYTES);
    }
    onResult.accept(new RangeSnapshot(first, List.copyOf(records)));
  }

  private boolean isFull() {
    return records.size() >= maxRecords() || bytes >= MAX_LIST_BYTES;
  }

  private void onFailure(
      EtcdException error,
      Consumer<? super RangeSnapshot> onResult,
      Consumer<? super EtcdException> onError) {
    if (error.error() == EtcdError.TOO_LARGE && pageRecords > 1) {
      pageRecords = Math.max(1, pageRecords / PAGE_SHRINKING);
      read(onResult, onError);
    } else if (error.error() == EtcdError.COMPACTED && restarts++ < MAX_RESTARTS) {
      records.clear();
      bytes = 0;
      header = null;
      read(onResult, onError);
    } else {
      onError.accept(error);
    }
  }
}
