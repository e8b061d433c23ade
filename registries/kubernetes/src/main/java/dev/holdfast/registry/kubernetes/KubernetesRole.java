package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.ServiceName;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The least role that suffices to follow services in one namespace of Kubernetes.
 *
 * <p>Names of services and endpoints alike are read from EndpointSlices, so nothing else has to be
 * allowed: no Services, no Pods, nothing that can be written. Thread-safe.
 */
public final class KubernetesRole {
  /** The resource that the role may read. */
  static final String RESOURCE = "endpointslices";

  /** The API group of {@link #RESOURCE}. */
  static final String GROUP = "discovery.k8s.io";

  /** The verbs that the role may use on {@link #RESOURCE}. */
  static final List<String> VERBS = List.of("get", "list", "watch");

  private final String namespace;

  private KubernetesRole(String namespace) {
    this.namespace = namespace;
  }

  /**
   * The role for a namespace.
   *
   * @throws IllegalArgumentException when no namespace can be called so
   */
  public static KubernetesRole of(String namespace) {
    KubernetesNames.requireLabel("namespace", namespace);
    return new KubernetesRole(namespace);
  }

  /**
   * The role for a service as targets name it: {@code orders}, {@code orders.prod} or {@code
   * prod/orders}.
   *
   * @param defaultNamespace that of the client, which counts where the name says none
   * @throws IllegalArgumentException when no Service can be called so
   */
  public static KubernetesRole forService(ServiceName service, String defaultNamespace) {
    return of(KubernetesNames.parse(service, defaultNamespace).namespace());
  }

  /** The name of the role: {@code holdfast-endpoints}. */
  public String name() {
    return "holdfast-endpoints";
  }

  /**
   * The name of the binding for an account. Each account has a binding of its own: with a shared
   * name, applying the binding of a second account would take the role from the first one.
   */
  public String bindingName(String account, String accountNamespace) {
    return name() + "-" + accountNamespace + "-" + account;
  }

  /** The only rule of the role, as the fields of a Role's {@code rules} have it. */
  public static Map<String, List<String>> rule() {
    Map<String, List<String>> rule = new LinkedHashMap<>();
    rule.put("apiGroups", List.of(GROUP));
    rule.put("resources", List.of(RESOURCE));
    rule.put("verbs", VERBS);
    return Collections.unmodifiableMap(rule);
  }

  /** The Role as YAML, ready for {@code kubectl apply}; ends with a line break. */
  public String yaml() {
    return """
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: %s
      namespace: %s
    rules:
      - apiGroups: ["%s"]
        resources: ["%s"]
        verbs: ["%s"]
    """
        .formatted(name(), namespace, GROUP, RESOURCE, String.join("\", \"", VERBS));
  }

  /**
   * The RoleBinding that gives the role to a service account, as YAML.
   *
   * @param account name of the service account, such as {@code default}
   * @param accountNamespace the namespace of the account, which need not be that of the role
   */
  public String bindingYaml(String account, String accountNamespace) {
    KubernetesNames.requireSubdomain("account", account);
    KubernetesNames.requireLabel("namespace of the account", accountNamespace);
    return """
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: %s
      namespace: %s
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: %s
    subjects:
      - kind: ServiceAccount
        name: %s
        namespace: %s
    """
        .formatted(
            bindingName(account, accountNamespace), namespace, name(), account, accountNamespace);
  }
}
