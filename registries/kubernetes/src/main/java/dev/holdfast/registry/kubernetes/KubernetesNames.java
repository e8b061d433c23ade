package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.ServiceName;
import java.util.regex.Pattern;

/** The syntax of service names in Kubernetes. */
final class KubernetesNames {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final int SUBDOMAIN_CHARS = 253;
  // What stands behind the namespace in the DNS name of a Service, before the cluster's domain.
  private static final String SERVICES = "svc";

  private KubernetesNames() {}

  /** A Service, without the port that is meant. */
  record ServiceKey(String namespace, String service) {
    @Override
    public String toString() {
      return namespace + "/" + service;
    }
  }

  /**
   * Which Service a name means: {@code orders}, {@code orders.prod}, {@code
   * orders.prod.svc.cluster.local} or {@code prod/orders}.
   *
   * @param defaultNamespace where a name is looked up that names no namespace
   * @throws IllegalArgumentException when no Service can be called so
   */
  static ServiceKey parse(ServiceName name, String defaultNamespace) {
    String[] labels = name.name().split("\\.", -1);
    String namespace = name.namespace();
    if (labels.length > 1) {
      if (!namespace.isEmpty()) {
        throw new IllegalArgumentException(
            "service: \""
                + name
                + "\" (expected: one namespace, as in kubernetes:///orders.prod or"
                + " kubernetes:///prod/orders)");
      }
      if (labels.length > 2 && !labels[2].equals(SERVICES)) {
        throw new IllegalArgumentException(
            "service: \"" + name + "\" (expected: service.namespace or service.namespace.svc)");
      }
      namespace = labels[1];
    }
    return new ServiceKey(
        requireLabel("namespace", namespace.isEmpty() ? defaultNamespace : namespace),
        requireLabel("service", labels[0]));
  }

  /** The same text, if it is a DNS label. */
  static String requireLabel(String part, String text) {
    if (!LABEL.matcher(text).matches()) {
      throw new IllegalArgumentException(
          part
              + ": \""
              + text
              + "\" (expected: 1 to 63 characters of a-z 0-9 -, no - at either end)");
    }
    return text;
  }

  /** The same text, if it is DNS labels joined by dots. */
  static String requireSubdomain(String part, String text) {
    boolean labels = text.length() <= SUBDOMAIN_CHARS;
    for (String label : text.split("\\.", -1)) {
      labels &= LABEL.matcher(label).matches();
    }
    if (!labels) {
      throw new IllegalArgumentException(
          part + ": \"" + text + "\" (expected: DNS labels of a-z 0-9 - joined by dots)");
    }
    return text;
  }
}
