package dev.holdfast.registry.kubernetes.internal.credentials;

import dev.holdfast.core.HostPort;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** The account that a pod is given: a folder of files, and the API server in the environment. */
public final class InClusterConfig implements KubeContext.Source {
  static final String HOST = "KUBERNETES_SERVICE_HOST";
  static final String PORT = "KUBERNETES_SERVICE_PORT";
  private static final String HTTPS_PORT = "443";

  private final Path folder;
  private final Map<String, String> environment;

  public InClusterConfig(Path folder, Map<String, String> environment) {
    this.folder = folder;
    this.environment = environment;
  }

  /** Whether this process runs in a pod. */
  public static boolean isPresent(Map<String, String> environment) {
    return !environment.getOrDefault(HOST, "").isBlank();
  }

  @Override
  public KubeContext read() throws IOException {
    Path token = folder.resolve("token");
    if (!Files.exists(token)) {
      throw new IOException(
          "account: "
              + token
              + " is missing (expected: a service account; automountServiceAccountToken: true, or"
              + " the parameter account)");
    }
    Path namespace = folder.resolve("namespace");
    return new KubeContext(
        "the pod's account in " + folder,
        server(),
        Files.exists(namespace)
            ? InlineCredential.inFile("namespace", namespace).readText()
            : Kubeconfig.DEFAULT_NAMESPACE,
        Optional.of(InlineCredential.inFile("ca.crt", folder.resolve("ca.crt"))),
        Optional.empty(),
        new KubeContext.User(
            Optional.of(InlineCredential.inFile("token", token)),
            Optional.empty(),
            Optional.empty(),
            Optional.empty()));
  }

  private URI server() throws IOException {
    String host = environment.getOrDefault(HOST, "");
    String port = environment.getOrDefault(PORT, HTTPS_PORT);
    try {
      return URI.create("https://" + new HostPort(host, Integer.parseInt(port)));
    } catch (IllegalArgumentException e) {
      throw new IOException(
          HOST + ", " + PORT + ": " + host + ", " + port + " (expected: the API server)", e);
    }
  }
}
