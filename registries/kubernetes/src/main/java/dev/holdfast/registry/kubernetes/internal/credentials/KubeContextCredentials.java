package dev.holdfast.registry.kubernetes.internal.credentials;

import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The credentials of a cluster's configuration: configuration, token and certificates are read
 * every time, so that whatever rotates is seen; plugins are run when what they said expires.
 *
 * <p>Used by one thread at a time.
 */
public final class KubeContextCredentials implements CredentialSource {
  @Limit(
      of = "time that a read of kubeconfig, token and certificates may take",
      then = "opening a registry fails; later what was read before stays in use")
  public static final Duration FILE_TIMEOUT = Duration.ofSeconds(5);

  /** So long before a credential expires its plugin is run again. */
  private static final Duration EARLY = Duration.ofMinutes(1);

  private final KubeContext.Source source;
  private final Map<String, String> environment;
  private final Duration readTimeout;
  private final SslContextCache tls = new SslContextCache();
  private @Nullable ExecPlugin asked;
  private @Nullable ExecCredential answer;

  /**
   * @param environment what plugins get of it
   * @param execTimeout for how long a plugin may run
   */
  public KubeContextCredentials(
      KubeContext.Source source, Map<String, String> environment, Duration execTimeout) {
    this.source = source;
    this.environment = environment;
    this.readTimeout = execTimeout.plus(FILE_TIMEOUT);
  }

  @Override
  public Duration readTimeout() {
    return readTimeout;
  }

  @Override
  public synchronized ApiCredentials read(Instant now, boolean refused) throws IOException {
    KubeContext config = source.read();
    KubeContext.User user = config.user();
    byte[] cert = bytes(user.cert());
    byte[] key = bytes(user.key());
    String token = "";
    Optional<Instant> expires = Optional.empty();
    if (user.token().isPresent()) {
      token = token(user.token().get());
    } else if (user.plugin().isPresent()) {
      ExecCredential said = said(user.plugin().get(), now, refused);
      token = said.token();
      expires = said.expires();
      if (!said.cert().isEmpty()) {
        cert = said.cert().getBytes(StandardCharsets.UTF_8);
        key = said.key().getBytes(StandardCharsets.UTF_8);
      }
    }
    boolean plain = "http".equals(config.server().getScheme());
    return new ApiCredentials(
        config.server(),
        token,
        plain
            ? null
            : tls.context(
                new SslContextCache.PemFiles(config.origin(), bytes(config.ca()), cert, key), now),
        config.proxy(),
        expires);
  }

  private ExecCredential said(ExecPlugin plugin, Instant now, boolean refused) throws IOException {
    ExecCredential known = answer;
    if (known != null
        && !refused
        && plugin.equals(asked)
        && known.expires().map(end -> now.isBefore(end.minus(EARLY))).orElse(true)) {
      return known;
    }
    ExecCredential said = plugin.run(environment);
    asked = plugin;
    answer = said;
    return said;
  }

  private static String token(InlineCredential credentialData) throws IOException {
    String token = credentialData.readText();
    if (token.isEmpty() || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new IOException(credentialData + ": not a token (expected: visible ASCII characters)");
    }
    return token;
  }

  private static byte[] bytes(Optional<InlineCredential> credentialData) throws IOException {
    return credentialData.isPresent() ? credentialData.get().read() : new byte[0];
  }
}
