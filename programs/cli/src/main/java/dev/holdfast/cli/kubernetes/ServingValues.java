package dev.holdfast.cli.kubernetes;

import java.util.Optional;

/**
 * The values of one set of manifests. A chart's templates have expressions in their places.
 *
 * @param app the name of the Deployment and of the objects beside it
 * @param namespace the namespace of the pods; empty where whoever applies the manifests says it
 * @param servicesNamespace the namespace of the services; empty for that of the pods
 * @param account the name of the ServiceAccount
 * @param image the image of the pods, whose entry point is the holdfast program
 * @param tlsSecret the Secret with tls.crt and tls.key; plaintext without
 * @param drainSeconds the time that streams have when a pod ends
 * @param config the content of the file in the ConfigMap
 */
record ServingValues(
    String app,
    String namespace,
    String servicesNamespace,
    String account,
    String image,
    int replicas,
    Optional<String> tlsSecret,
    int drainSeconds,
    String config) {

  /** The values that a base has: of no namespace, with every default. */
  static ServingValues ofBase(ServingProgram program, String image) {
    String app = "holdfast-" + program.command();
    return new ServingValues(
        app,
        "",
        "",
        app,
        image,
        DeploymentOptions.REPLICAS,
        Optional.empty(),
        program.drainSeconds(),
        program.configFile().initial());
  }

  /** The name of the role and of its binding, which no other pods of that namespace have. */
  String role() {
    return servicesNamespace.isEmpty() ? app : namespace + "-" + app;
  }

  /** The namespace of the role. */
  String roleNamespace() {
    return servicesNamespace.isEmpty() ? namespace : servicesNamespace;
  }
}
