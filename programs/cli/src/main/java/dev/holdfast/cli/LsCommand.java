package dev.holdfast.cli;

import dev.holdfast.cli.output.AlignedTable;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.discovery.Registries;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * The {@code ls} command, which lists the services of a namespace with their numbers of instances.
 */
@Command(name = "ls", description = "List the services of a namespace and count their instances.")
public final class LsCommand implements Callable<Integer> {
  // Reads under way at once: enough to hide the way to the registry, too few to burden it.
  @Limit(
      of = "services that `ls` reads at the same time",
      then = "further ones wait for their turn")
  private static final int MAX_READS = 32;

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final RegistryOptions registryOptions = new RegistryOptions();

  @Parameters(
      arity = "0..1",
      paramLabel = "NAMESPACE",
      description = "A namespace inside that of the registry; without it, that of the registry.")
  private String namespace = "";

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    RegistryUri uri = registryOptions.uri();
    String whole = NamespaceArguments.join(uri.namespace(), namespace);
    try (Registries.Handle handle = registryOptions.open(uri)) {
      Registry registry = handle.registry();
      NamespaceArguments.requireListable(registry, uri);
      Set<String> names = names(registry, whole);
      print(whole, read(registry, whole, names));
    }
    return ExitCode.OK;
  }

  private static Set<String> names(Registry registry, String namespace) {
    CompletableFuture<Set<String>> names = new CompletableFuture<>();
    Registry.ServiceNamesListener listener =
        new Registry.ServiceNamesListener() {
          @Override
          public void onNames(Set<String> value) {
            names.complete(value);
          }

          @Override
          public void onFailure(RegistryException cause) {
            names.completeExceptionally(cause);
          }
        };
    try (Subscription watch = registry.watchNames(namespace, listener)) {
      return BoundedAwait.await(names, registry.requestTimeout(), registry.describe());
    }
  }

  private static Map<String, EndpointSet> read(
      Registry registry, String namespace, Set<String> names) {
    Map<String, EndpointSet> services = new LinkedHashMap<>();
    Queue<Map.Entry<String, CompletionStage<RegistrySnapshot>>> pending = new ArrayDeque<>();
    for (String name : names) {
      if (pending.size() >= MAX_READS) {
        take(registry, pending, services);
      }
      pending.add(Map.entry(name, registry.read(ServiceName.of(namespace, name))));
    }
    while (!pending.isEmpty()) {
      take(registry, pending, services);
    }
    return services;
  }

  private static void take(
      Registry registry,
      Queue<Map.Entry<String, CompletionStage<RegistrySnapshot>>> pending,
      Map<String, EndpointSet> services) {
    Map.Entry<String, CompletionStage<RegistrySnapshot>> next = pending.remove();
    RegistrySnapshot snapshot =
        BoundedAwait.await(next.getValue(), registry.requestTimeout(), registry.describe());
    services.put(next.getKey(), snapshot.endpoints());
  }

  private void print(String whole, Map<String, EndpointSet> services) {
    if (common.json()) {
      List<JsonLine> list =
          services.entrySet().stream().map(e -> json(e.getKey(), e.getValue())).toList();
      JsonLine json = JsonLine.object().with("namespace", whole).with("services", list);
      common.commandContext().out().println(json);
      return;
    }
    AlignedTable alignedTable = new AlignedTable("SERVICE", "ELIGIBLE", "UNREADY", "DRAINING");
    services.forEach(
        (name, set) ->
            alignedTable.add(
                name, text(set.eligible().size()), text(unready(set)), text(draining(set))));
    common.commandContext().out().print(alignedTable);
    common.commandContext().out().flush();
  }

  private static JsonLine json(String name, EndpointSet set) {
    return JsonLine.object()
        .with("service", name)
        .with("endpoints", set.size())
        .with("eligible", set.eligible().size())
        .with("unready", unready(set))
        .with("draining", draining(set));
  }

  private static int unready(EndpointSet set) {
    return (int) set.endpoints().stream().filter(e -> !e.ready() && !e.draining()).count();
  }

  private static int draining(EndpointSet set) {
    return (int) set.endpoints().stream().filter(e -> e.draining()).count();
  }

  private static String text(int count) {
    return Integer.toString(count);
  }
}
