package dev.holdfast.registry.file;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The classification of files by their names. Names that begin with a dot are never records. */
final class RecordFileName {
  static final String RECORD_SUFFIX = ".json";
  static final String LIST_SUFFIX = ".list";
  static final String TEMPORARY_SUFFIX = ".tmp";
  static final String DELETION_SUFFIX = ".gone";

  // A file name has at most 255 bytes, and that of the temporary file is longer than the record's.
  @Limit(
      of = "characters of an address in a record's file name",
      then = "a longer one is cut and gets a digest")
  private static final int MAX_STEM = 180;

  private static final int DIGEST_BYTES = 8;

  private RecordFileName() {}

  /** The file of an address: {@code 127.0.0.1_50051.json}, {@code [fd00--7]_50051.json}. */
  static String of(HostPort address) {
    // The brackets keep fd00::7 apart from a host named fd00--7; a colon is no good in file names
    // of some systems and in paths that are joined by colons.
    String host = address.isIpv6() ? "[" + address.host().replace(':', '-') + "]" : address.host();
    String stem = host + "_" + address.port();
    if (stem.startsWith(".")) {
      stem = "_" + stem;
    }
    return (stem.length() <= MAX_STEM ? stem : shorten(stem)) + RECORD_SUFFIX;
  }

  static boolean isRecord(String name) {
    return !name.startsWith(".") && name.endsWith(RECORD_SUFFIX);
  }

  static boolean isList(String name) {
    return !name.startsWith(".") && name.endsWith(LIST_SUFFIX);
  }

  /** Whether the file is an unfinished step of {@link RecordStore}. */
  static boolean isUnfinished(String name) {
    return name.startsWith(".")
        && (name.endsWith(TEMPORARY_SUFFIX) || name.endsWith(DELETION_SUFFIX));
  }

  private static String shorten(String stem) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(stem.getBytes(StandardCharsets.UTF_8));
      return stem.substring(0, MAX_STEM - 2 * DIGEST_BYTES - 1)
          + "~"
          + HexFormat.of().formatHex(digest, 0, DIGEST_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
