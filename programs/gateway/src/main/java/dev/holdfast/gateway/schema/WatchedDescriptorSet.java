package dev.holdfast.gateway.schema;

import dev.holdfast.core.FileStamp;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.frontend.json.JsonMapping;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The descriptor sets of one cluster with their last valid schema. One thread at a time polls; any
 * thread may read the schema.
 */
final class WatchedDescriptorSet {
  @Limit(
      of = "time after which descriptor sets are read although they seem unchanged",
      then = "they are read")
  private static final Duration REREAD = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(WatchedDescriptorSet.class);

  /** The result of a poll. */
  enum DescriptorSetPoll {
    /** The schema stays the same, or nothing new can be reported. */
    SAME,
    /** Another schema took effect with this poll. */
    USED,
    /** The files are invalid, for a reason that was not reported before. */
    REFUSED
  }

  private final String cluster;
  private final List<Path> files;
  private List<FileStamp> seen;
  private List<FileStamp> read;
  private long readNanos;
  private String trouble = "";
  private volatile ServiceSchema schema;

  /**
   * Reads the files and logs the schema.
   *
   * @throws IllegalArgumentException when they make no valid schema
   */
  WatchedDescriptorSet(String cluster, List<Path> files, JsonMapping terms) {
    this.cluster = cluster;
    this.files = List.copyOf(files);
    try {
      this.read = stamps();
    } catch (IOException e) {
      // The reader knows better what to say.
      this.read = List.of();
    }
    this.seen = read;
    this.readNanos = System.nanoTime();
    try {
      this.schema = DescriptorSetReader.schema(files, terms);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "clusters." + cluster + ".descriptor-sets: " + e.getMessage(), e);
    }
    log.info(
        "event=schema_files_used cluster={} files={} services={} hash={}",
        cluster,
        files.size(),
        schema.services().size(),
        schema.shortHash());
    SchemaRejectionLog.warn(cluster, schema);
  }

  List<Path> files() {
    return files;
  }

  ServiceSchema schema() {
    return schema;
  }

  /** Applies another mapping to the schema. */
  synchronized void renew(JsonMapping terms) {
    schema = schema.with(terms);
  }

  /**
   * Reads the files if they changed and were stable over two polls, or if a reread is due. A valid
   * schema takes effect.
   */
  DescriptorSetPoll look(Supplier<JsonMapping> terms) {
    try {
      List<FileStamp> now = stamps();
      boolean settled = now.equals(seen);
      seen = now;
      boolean due = System.nanoTime() - readNanos > REREAD.toNanos();
      if (!settled || (now.equals(read) && !due)) {
        return DescriptorSetPoll.SAME;
      }
      readNanos = System.nanoTime();
      ServiceSchema next = DescriptorSetReader.schema(files, terms.get());
      if (!now.equals(stamps())) {
        return DescriptorSetPoll.SAME;
      }
      read = now;
      return use(next, terms);
    } catch (IOException | IllegalArgumentException e) {
      read = seen;
      return refuse(e instanceof IOException ? IoErrorText.of(e) : String.valueOf(e.getMessage()));
    }
  }

  private synchronized DescriptorSetPoll use(ServiceSchema next, Supplier<JsonMapping> terms) {
    boolean other = !next.isSameAs(schema);
    if (other || !trouble.isEmpty()) {
      log.info(
          "event=schema_files_used cluster={} files={} services={} hash={} changed={}",
          cluster,
          files.size(),
          next.services().size(),
          next.shortHash(),
          other);
    }
    trouble = "";
    if (other) {
      // Usually what it has; not when the terms changed while it was read.
      schema = next.with(terms.get());
      SchemaRejectionLog.warn(cluster, next);
    }
    return other ? DescriptorSetPoll.USED : DescriptorSetPoll.SAME;
  }

  private DescriptorSetPoll refuse(String why) {
    if (Objects.equals(why, trouble)) {
      return DescriptorSetPoll.SAME;
    }
    trouble = why;
    log.warn(
        "event=schema_files_failed cluster={} kept=last_good hash={} cause=\"{}\"",
        cluster,
        schema.shortHash(),
        LogEscaper.escape(why));
    return DescriptorSetPoll.REFUSED;
  }

  private List<FileStamp> stamps() throws IOException {
    List<FileStamp> stamps = new ArrayList<>();
    for (Path file : files) {
      stamps.add(FileStamp.of(file));
    }
    return stamps;
  }
}
