package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.RegistryProvider.UriParameter;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableText;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The parameters of a {@code kubernetes:} URI, parsed.
 *
 * @param access where the API server and its credentials are found
 * @param family the preferred address family; empty for that of the API server
 * @param times timeouts and intervals of lists and watches
 */
record KubernetesOptions(
    CredentialOptions access, Optional<Slice.Family> family, ReflectorOptions times) {

  /**
   * The location of the API server and of its credentials.
   *
   * @param kubeconfig a file that was named; empty to look for one
   * @param context the context in it; empty for the current one
   * @param account the folder of the pod's service account
   * @param execTimeout after what time an exec plugin is ended
   */
  record CredentialOptions(
      Optional<String> kubeconfig,
      Optional<String> context,
      String account,
      Duration execTimeout) {}

  static final String DEFAULT_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

  private static final Tunable KUBECONFIG =
      new TunableText(
          "kubeconfig",
          "path of a file",
          "KUBECONFIG, else the pod's account, else ~/.kube/config",
          "The kubeconfig that names the API server. Read again when it changes.");
  private static final Tunable CONTEXT =
      new TunableText(
          "context",
          "a context of the kubeconfig",
          "its current-context",
          "Which cluster, user and namespace of the kubeconfig.");
  private static final Tunable ACCOUNT =
      new TunableText(
          "account",
          "path of a folder",
          DEFAULT_ACCOUNT,
          "Where the pod's token, ca.crt and namespace are. Read again when they change.");
  private static final TunableChoice FAMILY =
      new TunableChoice(
          "family",
          List.of("ipv4", "ipv6"),
          "that of KUBERNETES_SERVICE_HOST, else ipv4",
          "Which addresses of a dual-stack Service are used; the others only when it has none of"
              + " these.");
  private static final TunableDuration REQUEST_TIMEOUT =
      new TunableDuration(
          "request-timeout",
          Duration.ofMillis(100),
          Duration.ofMinutes(1),
          Duration.ofSeconds(5),
          "After what time a read, a page of a list or the opening of a watch is given up.");
  private static final TunableDuration WATCH_TIMEOUT =
      new TunableDuration(
          "watch-timeout",
          Duration.ofSeconds(10),
          Duration.ofHours(1),
          Duration.ofSeconds(60),
          "After what time the API server is asked to end a watch, at most; one that does not end"
              + " is dead.");
  private static final TunableDuration SILENCE =
      new TunableDuration(
          "silence",
          Duration.ofMillis(200),
          Duration.ofHours(1),
          Duration.ofSeconds(130),
          "After what time without an event or a bookmark a watch is dead: two bookmarks and a bit"
              + " by default.");
  private static final TunableDuration RELIST =
      new TunableDuration(
          "relist",
          Duration.ofSeconds(1),
          Duration.ofHours(24),
          Duration.ofMinutes(10),
          "After what time everything is listed again, at most, although watches seem well.");
  private static final TunableDuration EXEC_TIMEOUT =
      new TunableDuration(
          "exec-timeout",
          Duration.ofMillis(100),
          Duration.ofMinutes(5),
          Duration.ofSeconds(30),
          "After what time an exec plugin of the kubeconfig is ended.");

  static final List<UriParameter> PARAMETERS =
      Stream.of(
              KUBECONFIG,
              CONTEXT,
              ACCOUNT,
              FAMILY,
              REQUEST_TIMEOUT,
              WATCH_TIMEOUT,
              SILENCE,
              RELIST,
              EXEC_TIMEOUT)
          .map(Tunable::uriParameter)
          .toList();

  /** Reads a URI, whose parameter names have been checked. */
  static KubernetesOptions of(RegistryUri uri) {
    if (!uri.userInfo().isEmpty()) {
      throw new IllegalArgumentException(
          "user: given (expected: none, kubeconfig or the pod's account says who asks)");
    }
    if (!uri.authority().isEmpty()) {
      throw new IllegalArgumentException(
          "authority: \""
              + uri.authority()
              + "\" (expected: none, as in kubernetes:///orders.prod:grpc; kubeconfig or the pod's"
              + " account says where the API server is)");
    }
    return new KubernetesOptions(
        new CredentialOptions(
            uri.parameter(KUBECONFIG.key()),
            uri.parameter(CONTEXT.key()),
            uri.parameter(ACCOUNT.key()).orElse(DEFAULT_ACCOUNT),
            EXEC_TIMEOUT.parse(uri.parameter(EXEC_TIMEOUT.key()))),
        FAMILY
            .parse(uri.parameter(FAMILY.key()))
            .map(word -> word.equals("ipv6") ? Slice.Family.IPV6 : Slice.Family.IPV4),
        new ReflectorOptions(
            REQUEST_TIMEOUT.parse(uri.parameter(REQUEST_TIMEOUT.key())),
            WATCH_TIMEOUT.parse(uri.parameter(WATCH_TIMEOUT.key())),
            SILENCE.parse(uri.parameter(SILENCE.key())),
            RELIST.parse(uri.parameter(RELIST.key())),
            Backoff.BackoffOptions.REGISTRY));
  }
}
