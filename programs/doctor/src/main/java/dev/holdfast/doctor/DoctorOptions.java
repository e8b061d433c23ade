package dev.holdfast.doctor;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.Optional;

/**
 * The target and the options of an examination.
 *
 * @param target where the connections go
 * @param security whether TLS is used; default {@link TlsMode#AUTO}
 * @param authority the {@code :authority} of calls and the server name of TLS; default: the target
 * @param maxWait the longest idle time that is tried, 2 s to 24 h; default 20 min. An examination
 *     takes about that and half a minute when nothing is found, less when something is
 * @param heldMethod a streaming method, {@code package.Service/Method}, that stays open after an
 *     empty request; default: the health service's Watch, else reflection
 * @param tlsFiles certificates for TLS; default {@link ClientTlsFiles#NONE}
 */
public record DoctorOptions(
    HostPort target,
    TlsMode security,
    Optional<String> authority,
    Duration maxWait,
    Optional<String> heldMethod,
    ClientTlsFiles tlsFiles) {
  /** The least value of {@link #maxWait}: 2 s. */
  public static final Duration MIN_WAIT = IdleTimeoutSearchOptions.SHORTEST_LONGEST;

  /** The greatest value of {@link #maxWait}: 24 h. */
  @Limit(of = "the longest idle time that is tried", then = "a longer one is refused")
  public static final Duration MAX_WAIT = IdleTimeoutSearchOptions.LONGEST_LONGEST;

  /** The default of {@link #maxWait}. */
  public static final Duration DEFAULT_WAIT = Duration.ofMinutes(20);

  public DoctorOptions {
    if (maxWait.compareTo(MIN_WAIT) < 0 || maxWait.compareTo(MAX_WAIT) > 0) {
      throw new IllegalArgumentException("maxWait: " + maxWait + " (expected: 2s to 24h)");
    }
    if (security == TlsMode.PLAINTEXT && tlsFiles.isAny()) {
      throw new IllegalArgumentException(
          "tlsFiles: " + tlsFiles + " (expected: none with security PLAINTEXT)");
    }
    authority.ifPresent(
        name -> {
          if (!name.matches("[\\w.:\\[\\]%-]{1,255}")) {
            throw new IllegalArgumentException(
                "authority: " + name + " (expected: a host name or address, and a port)");
          }
        });
    heldMethod.ifPresent(
        method -> {
          if (!method.matches("[\\w.]+/\\w+")) {
            throw new IllegalArgumentException(
                "heldMethod: " + method + " (expected: package.Service/Method)");
          }
        });
  }

  /** The options for a target with all defaults. */
  public static DoctorOptions of(HostPort target) {
    return new DoctorOptions(
        target,
        TlsMode.AUTO,
        Optional.empty(),
        DEFAULT_WAIT,
        Optional.empty(),
        ClientTlsFiles.NONE);
  }

  /** As these, with another {@link #maxWait}. */
  public DoctorOptions withMaxWait(Duration newMaxWait) {
    return new DoctorOptions(target, security, authority, newMaxWait, heldMethod, tlsFiles);
  }

  /** As these, with another {@link #security}. */
  public DoctorOptions withSecurity(TlsMode newSecurity) {
    return new DoctorOptions(target, newSecurity, authority, maxWait, heldMethod, tlsFiles);
  }

  /** As these, with another {@link #authority}. */
  public DoctorOptions withAuthority(String newAuthority) {
    return new DoctorOptions(
        target, security, Optional.of(newAuthority), maxWait, heldMethod, tlsFiles);
  }

  /** As these, with another {@link #heldMethod}. */
  public DoctorOptions withHeldMethod(String newHeldMethod) {
    return new DoctorOptions(
        target, security, authority, maxWait, Optional.of(newHeldMethod), tlsFiles);
  }

  /** As these, with other {@link #tlsFiles}. */
  public DoctorOptions withTlsFiles(ClientTlsFiles newTlsFiles) {
    return new DoctorOptions(target, security, authority, maxWait, heldMethod, newTlsFiles);
  }

  String authorityText() {
    return authority.orElse(target.toString());
  }
}
