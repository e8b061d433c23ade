package dev.holdfast.registry.kubernetes.internal.credentials;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;

/**
 * A source of credentials: files, and exec plugins. Called by one thread at a time, which may
 * block.
 */
public interface CredentialSource {

  /**
   * Reads the credentials as files and plugins provide them now.
   *
   * @param refused whether the last credentials were refused, so that no cached ones may be
   *     returned
   * @throws IOException naming the file or plugin at fault, and never quoting a secret
   */
  ApiCredentials read(Instant now, boolean refused) throws IOException;

  /** The longest time to wait for a read. */
  Duration readTimeout();
}
