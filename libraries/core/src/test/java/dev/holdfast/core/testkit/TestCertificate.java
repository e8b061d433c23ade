package dev.holdfast.core.testkit;

import java.io.File;
import java.nio.file.Path;

/**
 * A certificate for one name and its key, in files.
 *
 * @param certificate PEM
 * @param key PEM, PKCS#8, without a password
 */
public record TestCertificate(File certificate, File key) {

  /**
   * Makes one that signs itself, valid from yesterday until tomorrow: {@code NAME.crt} and {@code
   * NAME.key}. {@link TestAuthority} makes others.
   *
   * @param name also a DNS name that it is for
   */
  public static TestCertificate create(Path folder, String name) throws Exception {
    return TestAuthority.selfSigned(folder, name);
  }
}
