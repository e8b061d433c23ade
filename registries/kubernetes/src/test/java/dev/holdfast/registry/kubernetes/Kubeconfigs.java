package dev.holdfast.registry.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes kubeconfig files. */
public final class Kubeconfigs {
  private Kubeconfigs() {}

  /** One for a server, with the namespace {@code prod} and a user in YAML's flow style. */
  public static Path write(Path folder, String server, String user) throws IOException {
    return write(folder, server, "", user);
  }

  /** The same with more keys of the cluster, such as {@code , proxy-url: ..}. */
  public static Path write(Path folder, String server, String more, String user)
      throws IOException {
    return Files.writeString(
        folder.resolve("config"),
        """
        apiVersion: v1
        kind: Config
        preferences: {}
        current-context: here
        contexts:
          - name: here
            context: {cluster: lab, user: me, namespace: prod}
        clusters:
          - name: lab
            cluster: {server: "%s"%s}
        users:
          - name: me
            user: %s
        """
            .formatted(server, more, user));
  }
}
