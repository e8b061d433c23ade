package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.JsonLine;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * The YAML documents of a set of manifests. Values from users pass one of the checks here first, so
 * that nothing needs quoting.
 */
final class ManifestText {
  /** The mount path of the Secret with a certificate and its key. */
  private static final String TLS_FOLDER = "/etc/holdfast/tls";

  /**
   * The security context of a container without privileges. Its last line comes before the
   * container's mounts.
   */
  static final String UNPRIVILEGED =
      """
                securityContext:
                  allowPrivilegeEscalation: false
                  capabilities:
                    drop: ["ALL"]
      """;

  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern IMAGE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}");
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");

  private final List<String> documents = new ArrayList<>();

  /** Adds a document, or several that belong together. */
  ManifestText with(String... yaml) {
    documents.addAll(List.of(yaml));
    return this;
  }

  /** Prints YAML, or the same as one JSON object of kind List, which kubectl takes too. */
  void print(CommonOptions common) {
    if (!common.json()) {
      common.commandContext().out().print(String.join("---\n", documents));
      common.commandContext().out().flush();
      return;
    }
    Yaml yaml = new Yaml(new SafeConstructor(new LoaderOptions()));
    List<Object> items = new ArrayList<>();
    documents.forEach(document -> items.add(yaml.load(document)));
    common
        .commandContext()
        .out()
        .println(
            JsonLine.object().with("apiVersion", "v1").with("kind", "List").with("items", items));
  }

  /** The manifest of a ServiceAccount as YAML. */
  static String serviceAccount(String name, String namespace) {
    return """
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      name: %s
      namespace: %s
    """
        .formatted(name, namespace);
  }

  /** Lines under their heading; nothing at all if there are none. */
  static String section(String heading, String lines) {
    return lines.isEmpty() ? "" : heading + lines;
  }

  /** A volume that is empty when the pod begins, in a pod that has volumes. */
  static String emptyVolume(String name) {
    return """
            - name: %s
              emptyDir: {}
    """
        .formatted(name);
  }

  /** A volume of the pod, in a container that has mounts. */
  static String mount(String volume, String folder) {
    return """
                - name: %s
                  mountPath: %s
    """
        .formatted(volume, folder);
  }

  /** The Secret with a certificate and its key, in a container that has mounts. */
  static String tlsMount() {
    return mount("tls", TLS_FOLDER) + "              readOnly: true\n";
  }

  /** The volume of the Secret with a certificate and its key, in a pod that has volumes. */
  static String tlsVolume(String secret) {
    return """
            - name: tls
              secret:
                secretName: %s
    """
        .formatted(secret);
  }

  /** Arguments for the certificate and the key that are mounted, by the options that want them. */
  static List<String> certificate(String option, String keyOption) {
    return List.of(option, TLS_FOLDER + "/tls.crt", keyOption, TLS_FOLDER + "/tls.key");
  }

  /** A drained node never takes all of them at once. */
  static String budget(String app, String home) {
    return """
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata:
      name: %1$s
      namespace: %2$s
    spec:
      maxUnavailable: 1
      selector:
        matchLabels:
          app.kubernetes.io/name: %1$s
    """
        .formatted(app, home);
  }

  /**
   * Checks the name of an object. The pattern of a label fits every kind of name.
   *
   * @return the same text
   * @throws UserError when the text is no valid name
   */
  static String label(String part, String text) {
    return require(part, text, LABEL, "1 to 63 characters of a-z 0-9 -, no - at either end");
  }

  /**
   * Checks the name of a container image.
   *
   * @return the same text
   * @throws UserError when the text is no valid image name
   */
  static String image(String text) {
    return require("image", text, IMAGE, "such as registry.example/shop:1.0");
  }

  /**
   * Checks the name of an environment variable.
   *
   * @return the same text
   * @throws UserError when the text is no valid variable name
   */
  static String variable(String part, String text) {
    return require(part, text, VARIABLE, "A-Z a-z 0-9 _, no digit first");
  }

  /**
   * Checks a number of replicas.
   *
   * @return the same number
   * @throws UserError when the number is less than 1
   */
  static int replicas(int count) {
    if (count < 1) {
      throw UserError.usage("replicas: " + count + " (expected: >= 1)");
    }
    return count;
  }

  private static String require(String part, String text, Pattern form, String expected) {
    if (!form.matcher(text).matches()) {
      throw UserError.usage(part + ": \"" + text + "\" (expected: " + expected + ")");
    }
    return text;
  }
}
