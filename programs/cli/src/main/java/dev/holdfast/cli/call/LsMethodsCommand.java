package dev.holdfast.cli.call;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.cli.settings.Settings;
import dev.holdfast.transcoding.schema.RpcMethod;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import io.grpc.ManagedChannel;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The {@code ls-methods} command, which lists the methods of a server. */
@Command(
    name = "ls-methods",
    description = "List the methods of a server with their messages, by its reflection.",
    footer = {
      "",
      "Without TARGET the gateway of this machine is asked, 127.0.0.1:8080; of several services",
      "behind it --authority names one. Exit codes: 0 shown, 1 the server can't be asked or has",
      "nothing of that name, 2 the command line makes no sense.",
      "",
      "  holdfast ls-methods 127.0.0.1:50051",
      "  holdfast ls-methods etcd://h1:2379/prod/orders holdfast.examples.v1.Orders"
    })
public final class LsMethodsCommand implements Callable<Integer> {
  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final TargetOptions options = new TargetOptions();

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "TARGET",
      description =
          "The server: host:port, a service of the registry or a target of one, as resolve takes"
              + " them.")
  private String target = TargetOptions.GATEWAY;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "SERVICE",
      description = "Only the methods of a service, package.Service.")
  private String service = "";

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("OFF");
    ManagedChannel channel = options.channel(target);
    try {
      print(options.schema(channel, target));
    } finally {
      channel.shutdownNow();
    }
    return ExitCode.OK;
  }

  private void print(ServerSchema schema) {
    ServiceCatalog catalog = schema.catalog();
    if (!service.isEmpty() && catalog.service(service).isEmpty()) {
      throw UserError.failed(
          "service: \""
              + service
              + "\" is unknown to "
              + target
              + Settings.hint(service, catalog.services()));
    }
    List<RpcMethod> shown =
        catalog.methods().stream()
            .filter(method -> service.isEmpty() || method.service().equals(service))
            .toList();
    if (common.json()) {
      common
          .commandContext()
          .out()
          .println(
              JsonLine.object()
                  .with("target", target)
                  .with("methods", shown.stream().map(LsMethodsCommand::json).toList())
                  .with("undescribed", schema.undescribed()));
      return;
    }
    shown.forEach(method -> common.commandContext().out().println(line(method)));
    schema
        .undescribed()
        .forEach(
            name ->
                common
                    .commandContext()
                    .err()
                    .println("holdfast: " + name + ": offered, but the server has no descriptor"));
  }

  private static String line(RpcMethod method) {
    return method.fullName()
        + "  "
        + streamed(method.streamingType().clientStreams())
        + method.input().getFullName()
        + " -> "
        + streamed(method.streamingType().serverStreams())
        + method.output().getFullName();
  }

  private static String streamed(boolean many) {
    return many ? "stream " : "";
  }

  private static JsonLine json(RpcMethod method) {
    return JsonLine.object()
        .with("method", method.fullName())
        .with("request", method.input().getFullName())
        .with("response", method.output().getFullName())
        .with("clientStreams", method.streamingType().clientStreams())
        .with("serverStreams", method.streamingType().serverStreams())
        .with("idempotency", method.idempotency().name());
  }
}
