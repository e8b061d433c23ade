package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.registry.kubernetes.KubernetesRole;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The {@code kubernetes rbac} command, which prints the least role that suffices to follow
 * services.
 */
@Command(
    name = "rbac",
    description = "Print the least role that a client or the control plane needs, and its binding.",
    footer = {
      "",
      "The role may get, list and watch EndpointSlices in its namespace, and nothing else: no",
      "Services, no Pods, nothing that can be written. It holds where the services are, so pods",
      "of another namespace get it with --account-namespace.",
      "",
      "  holdfast kubernetes rbac --namespace prod --service-account shop | kubectl apply -f -"
    })
public final class RbacCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Option(
      names = "--namespace",
      required = true,
      paramLabel = "NAMESPACE",
      description = "The namespace of the services; may be given again for more of them.")
  private List<String> namespaces = List.of();

  @Option(
      names = "--service-account",
      paramLabel = "NAME",
      description = "Who gets the role; by default the account that pods have anyway (default).")
  private String account = "default";

  @Option(
      names = "--account-namespace",
      paramLabel = "NAMESPACE",
      description = "Where the account is; by default the first namespace.")
  private @Nullable String accountNamespace;

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    ManifestText text = new ManifestText();
    for (String namespace : namespaces) {
      KubernetesRole role = KubernetesRole.of(namespace);
      String home = accountNamespace == null ? namespaces.get(0) : accountNamespace;
      text.with(role.yaml(), role.bindingYaml(account, home));
    }
    text.print(common);
    return ExitCode.OK;
  }
}
