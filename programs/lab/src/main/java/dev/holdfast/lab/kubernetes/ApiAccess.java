package dev.holdfast.lab.kubernetes;

import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The authentication and authorization of an {@link ApiServer}. By default every client is an
 * administrator. Changes take effect with the next request; open watches go on, as in a real
 * cluster. Thread-safe.
 */
public final class ApiAccess {
  /** The user of requests without a token and without a certificate. */
  public static final String ANONYMOUS = "system:anonymous";

  private static final String BEARER = "Bearer ";

  private final Map<String, String> userOfToken = new HashMap<>();
  private final Set<ApiVerb> refused = EnumSet.noneOf(ApiVerb.class);
  private final Set<String> expiredNames = new HashSet<>();
  private boolean identityNeeded;
  private @Nullable List<RbacRule> rules;

  /** Makes a token valid for a user; from now on requests must be authenticated. */
  public synchronized ApiAccess accept(String token, String user) {
    userOfToken.put(token, user);
    identityNeeded = true;
    return this;
  }

  /** A token has run out: 401 from now on. */
  public synchronized ApiAccess revoke(String token) {
    userOfToken.remove(token);
    return this;
  }

  /** Certificates of this name have expired: 401 from now on, on open connections too. */
  public synchronized ApiAccess expireCertificates(String name) {
    expiredNames.add(name);
    return this;
  }

  /** Requires every request to be authenticated by a certificate or a token. */
  public synchronized ApiAccess requireIdentity() {
    identityNeeded = true;
    return this;
  }

  /** Forbids a verb to every user. */
  public synchronized ApiAccess refuse(ApiVerb verb) {
    refused.add(verb);
    return this;
  }

  /** Permits a verb again after {@link #refuse}. */
  public synchronized ApiAccess permit(ApiVerb verb) {
    refused.remove(verb);
    return this;
  }

  /** From now on only what one of these allows is allowed. */
  public synchronized ApiAccess allowOnly(List<RbacRule> only) {
    rules = List.copyOf(only);
    return this;
  }

  /**
   * The user of a request; empty for an invalid token or certificate, which is answered with 401.
   */
  synchronized Optional<String> identify(String authorization, String certificateName) {
    if (authorization.startsWith(BEARER)) {
      String token = authorization.substring(BEARER.length()).strip();
      return identityNeeded
          ? Optional.ofNullable(userOfToken.get(token))
          : Optional.of("system:admin");
    }
    if (!certificateName.isEmpty()) {
      return expiredNames.contains(certificateName)
          ? Optional.empty()
          : Optional.of(certificateName);
    }
    return Optional.of(identityNeeded ? ANONYMOUS : "system:admin");
  }

  synchronized boolean allows(ApiRequest request) {
    if (refused.contains(request.verb()) || request.user().equals(ANONYMOUS)) {
      return false;
    }
    return rules == null || rules.stream().anyMatch(rule -> rule.allows(request));
  }
}
