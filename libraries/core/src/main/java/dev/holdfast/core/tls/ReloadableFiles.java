package dev.holdfast.core.tls;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A group of files that are reloaded together when the content of any of them changes. Files that
 * can't be used leave the last contents in use, and are tried again at each check. Not thread-safe.
 */
public final class ReloadableFiles {
  private static final Logger log = LoggerFactory.getLogger(ReloadableFiles.class);

  @Limit(of = "a file of certificates or of a key", then = "a larger one is refused")
  private static final int MAX_BYTES = 4 << 20;

  /** The consumer of the contents, in the order of the files. */
  public interface ContentConsumer {
    void accept(List<byte[]> contents) throws IOException, GeneralSecurityException;
  }

  /** The result of a check. */
  public enum ReloadResult {
    /** No file has other content. */
    SAME,
    /** Changed contents are in use from now on. */
    USED,
    /** Changed contents can't be used, for a reason not reported before. */
    REFUSED
  }

  private final List<Path> files;
  private final ContentConsumer contentConsumer;
  private List<byte[]> used = List.of();
  private List<byte[]> seen = List.of();
  private String trouble = "";

  /** Files of which nothing was read yet. */
  public ReloadableFiles(List<Path> files, ContentConsumer contentConsumer) {
    this.files = List.copyOf(files);
    this.contentConsumer = contentConsumer;
  }

  /**
   * Uses the files if they are not those that were used last; whether they were other ones.
   *
   * @throws IOException when one can't be read or used
   * @throws GeneralSecurityException when one can't be used
   */
  public boolean read() throws IOException, GeneralSecurityException {
    return use(contents());
  }

  /** Reads the files as {@link #read} does; logs a failure once, until it changes or ends. */
  public ReloadResult reloadIfChanged() {
    return reloadIfChanged(false);
  }

  /**
   * As {@link #reloadIfChanged}, but uses only contents that two consecutive reads found, because
   * files are replaced one after the other and may be half-written. For checks in close succession.
   */
  public ReloadResult reloadIfStable() {
    return reloadIfChanged(true);
  }

  private ReloadResult reloadIfChanged(boolean patient) {
    try {
      List<byte[]> contents = contents();
      boolean settled = isSame(contents, seen);
      seen = contents;
      if (patient && !settled) {
        return ReloadResult.SAME;
      }
      boolean other = use(contents);
      if (!other && trouble.isEmpty()) {
        return ReloadResult.SAME;
      }
      trouble = "";
      log.info("event=tls_files_reloaded files=\"{}\" changed={}", files, other);
      return other ? ReloadResult.USED : ReloadResult.SAME;
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      String why = LogEscaper.escape(e instanceof IOException ? IoErrorText.of(e) : e.toString());
      if (why.equals(trouble)) {
        return ReloadResult.SAME;
      }
      trouble = why;
      log.warn("event=tls_files_failed files=\"{}\" kept=last_good cause=\"{}\"", files, why);
      return ReloadResult.REFUSED;
    }
  }

  private boolean use(List<byte[]> contents) throws IOException, GeneralSecurityException {
    if (isSame(contents, used)) {
      return false;
    }
    contentConsumer.accept(contents);
    used = contents;
    return true;
  }

  private List<byte[]> contents() throws IOException {
    List<byte[]> contents = new ArrayList<>();
    for (Path file : files) {
      contents.add(content(file));
    }
    return contents;
  }

  /**
   * The content of one file.
   *
   * @throws IOException when it can't be read, or is larger than such files are
   */
  public static byte[] content(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException(file + ": too large (expected: <= " + MAX_BYTES + " bytes)");
      }
      return bytes;
    }
  }

  private static boolean isSame(List<byte[]> a, List<byte[]> b) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      if (!Arrays.equals(a.get(i), b.get(i))) {
        return false;
      }
    }
    return true;
  }
}
