package dev.holdfast.registry.kubernetes;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;

/**
 * Where credentials come from: files, and plugins that are run. Called by one thread at a time,
 * which may wait.
 */
interface AccessSource {

  /**
   * What files and plugins say now.
   *
   * @param refused whether what was said last was refused, so that nothing may be remembered
   * @throws IOException saying which file or plugin is wrong, and never what a secret is
   */
  Access read(Instant now, boolean refused) throws IOException;

  /** For how long an answer is waited for. */
  Duration patience();
}
