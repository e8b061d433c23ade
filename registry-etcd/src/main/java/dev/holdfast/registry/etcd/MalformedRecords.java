package dev.holdfast.registry.etcd;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Limit;
import dev.holdfast.core.LogText;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts the records that are not ours, and mentions each key once. On the scheduler only. */
final class MalformedRecords implements ServiceRecords.Rejects {
  private static final Logger log = LoggerFactory.getLogger(MalformedRecords.class);

  /** Further keys are counted and not mentioned: somebody else's data fills no log. */
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
          LogText.of(key.toStringUtf8()),
          LogText.of(reason));
    }
  }
}
