package dev.holdfast.control;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Limit;
import dev.holdfast.core.LogText;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files that belong together and are used again whenever one of them has other content. What can't
 * be used leaves what there is, and is tried again at each look. One thread at a time.
 */
final class FollowedFiles {
  private static final Logger log = LoggerFactory.getLogger(FollowedFiles.class);

  @Limit(of = "a file of certificates or of a key", then = "a larger one is refused")
  private static final int MAX_BYTES = 4 << 20;

  /** What is done with the contents, in the order of the files. */
  interface Use {
    void accept(List<ByteString> contents) throws IOException, GeneralSecurityException;
  }

  private final List<Path> files;
  private final Use use;
  private List<ByteString> used = List.of();
  private String trouble = "";

  FollowedFiles(List<Path> files, Use use) {
    this.files = List.copyOf(files);
    this.use = use;
  }

  /** Uses the files if they are not those that were used last; whether they were other ones. */
  boolean read() throws IOException, GeneralSecurityException {
    List<ByteString> contents = new ArrayList<>();
    for (Path file : files) {
      contents.add(content(file));
    }
    if (contents.equals(used)) {
      return false;
    }
    use.accept(contents);
    used = List.copyOf(contents);
    return true;
  }

  private static ByteString content(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException(file + ": too large (expected: <= " + MAX_BYTES + " bytes)");
      }
      return ByteString.copyFrom(bytes);
    }
  }

  /** As {@link #read}; a failure is logged, once until it is another or over. */
  void look() {
    try {
      boolean other = read();
      if (other || !trouble.isEmpty()) {
        trouble = "";
        log.info("event=tls_files_used files=\"{}\" changed={}", files, other);
      }
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      String why = LogText.of(e.toString());
      if (!why.equals(trouble)) {
        trouble = why;
        log.warn("event=tls_files_failed files=\"{}\" kept=last_good cause=\"{}\"", files, why);
      }
    }
  }
}
