package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.registry.kubernetes.KubernetesOptions.CredentialOptions;
import dev.holdfast.registry.kubernetes.internal.credentials.BlockingReadExecutor;
import dev.holdfast.registry.kubernetes.internal.credentials.InClusterConfig;
import dev.holdfast.registry.kubernetes.internal.credentials.KubeContext;
import dev.holdfast.registry.kubernetes.internal.credentials.KubeContextCredentials;
import dev.holdfast.registry.kubernetes.internal.credentials.Kubeconfig;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The provider of registries that are the EndpointSlices of a Kubernetes cluster: {@code
 * kubernetes:///orders.prod:grpc}, in a pod or with a kubeconfig.
 */
public final class KubernetesRegistryProvider implements RegistryProvider {
  private static final String KUBECONFIG = "KUBECONFIG";
  private static final int HTTPS_PORT = 443;
  private static final int HTTP_PORT = 80;

  @Override
  public String scheme() {
    return "kubernetes";
  }

  @Override
  public String example() {
    return "kubernetes:///orders.prod:grpc";
  }

  @Override
  public List<UriParameter> uriParameters() {
    return KubernetesOptions.PARAMETERS;
  }

  /**
   * Opens a registry. The kubeconfig, or the pod's account, is looked at now; plugins are run and
   * the API server is asked when something is followed.
   *
   * @throws IllegalArgumentException when the URI makes no sense, or there is no cluster to be
   *     found
   */
  @Override
  public Registry open(RegistryUri uri, RegistryContext context) {
    KubernetesOptions options = KubernetesOptions.of(uri);
    KubeContext.Source source = source(options.access(), context.environment());
    KubeContext config;
    try {
      config = BlockingReadExecutor.await(source::read, KubeContextCredentials.FILE_TIMEOUT);
    } catch (IOException e) {
      throw new IllegalArgumentException(String.valueOf(e.getMessage()), e);
    }
    // One registry for all namespaces: Registries opens it once.
    String description = uri.withNamespace("").toString();
    KubeContextCredentials access =
        new KubeContextCredentials(source, context.environment(), options.access().execTimeout());
    HttpApiTransport api =
        new HttpApiTransport(
            new CredentialCache(
                access, context.scheduler(), new KubernetesMeters(context.meters(), description)),
            new HttpClients(context.scheduler().clock(), options.times().requestTimeout()),
            context.scheduler());
    return new KubernetesRegistry(
        new KubernetesRegistry.RegistryIdentity(
            description,
            config.namespace(),
            options.family().orElse(familyOf(config.server())),
            address(config.server())),
        options.times(),
        context,
        api);
  }

  /**
   * The source of the cluster configuration: the kubeconfig named in the URI, else KUBECONFIG, else
   * the pod's service account, else the user's own kubeconfig.
   */
  private static KubeContext.Source source(
      CredentialOptions options, Map<String, String> environment) {
    if (options.kubeconfig().isPresent()) {
      return kubeconfig(List.of(Path.of(options.kubeconfig().get())), options);
    }
    List<Path> named =
        Stream.of(environment.getOrDefault(KUBECONFIG, "").split(File.pathSeparator))
            .filter(file -> !file.isBlank())
            .map(Path::of)
            .toList();
    if (!named.isEmpty()) {
      // As with kubectl: files that are not there are left out, unless none is.
      List<Path> present = named.stream().filter(Files::exists).toList();
      return kubeconfig(present.isEmpty() ? named : present, options);
    }
    if (InClusterConfig.isPresent(environment) && options.context().isEmpty()) {
      return new InClusterConfig(Path.of(options.account()), environment);
    }
    String home = environment.getOrDefault("HOME", "");
    Path own = Path.of(home, ".kube", "config");
    if (home.isBlank() || !Files.exists(own)) {
      throw new IllegalArgumentException(
          "cluster: none found (expected: a pod with a service account, the parameter kubeconfig,"
              + " the variable KUBECONFIG, or ~/.kube/config)");
    }
    return kubeconfig(List.of(own), options);
  }

  private static Kubeconfig kubeconfig(List<Path> files, CredentialOptions options) {
    return new Kubeconfig(files, options.context(), options.execTimeout());
  }

  /** The API server's own address is of the family that the cluster prefers. */
  private static Slice.Family familyOf(URI server) {
    return server.getHost().startsWith("[") ? Slice.Family.IPV6 : Slice.Family.IPV4;
  }

  private static InetSocketAddress address(URI server) {
    String host = server.getHost();
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    int standard = "http".equals(server.getScheme()) ? HTTP_PORT : HTTPS_PORT;
    int port = server.getPort() < 0 ? standard : server.getPort();
    return InetSocketAddress.createUnresolved(new HostPort(bare, port).host(), port);
  }
}
