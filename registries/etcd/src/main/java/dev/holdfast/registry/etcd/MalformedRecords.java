package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.annotation.Limit;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The counter of records with a foreign format; each key is logged once. Confined to the scheduler.
 */
final class MalformedRecords implements ServiceRecordSet.MalformedRecordListener {
  private static final Logger log = LoggerFactory.getLogger(MalformedRecords.class);

  /**
   * The number of keys that are logged; further ones are only counted, so that foreign data can't
   * fill the log.
   */
  @Limit(of = "keys mentioned in the log as malformed", then = "further ones are counted only")
  static final int MAX_KEYS_LOGGED = 1000;

  private final EtcdMeters meters;
  private final Set<ByteString> mentioned = new HashSet<>();

  MalformedRecords(EtcdMeters meters) {
    this.meters = meters;
  }

  @Override
  public void onMalformed(ByteString key, String reason) {
    meters.recordMalformed();
    if (mentioned.size() < MAX_KEYS_LOGGED && mentioned.add(key)) {
      log.warn(
          "event=etcd_record_skipped key=\"{}\" reason=\"{}\"",
          LogEscaper.escape(key.toStringUtf8()),
          LogEscaper.escape(reason));
    }
  }
}
