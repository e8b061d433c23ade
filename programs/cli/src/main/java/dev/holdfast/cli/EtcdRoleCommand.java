package dev.holdfast.cli;

import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.registry.etcd.EtcdRoles;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The {@code etcd role} command, which prints or creates the least role that suffices in one
 * namespace of an etcd.
 */
@Command(
    name = "role",
    description = "Print the commands that make the least role for a namespace, or make it.",
    footer = {
      "",
      "Clients need read, servers write (which includes read). A role holds below its namespace",
      "only, so what registers in test can't appear in prod.",
      "",
      "  holdfast etcd role --namespace prod --access write --user orders"
    })
public final class EtcdRoleCommand implements Callable<Integer> {
  // Several members may each need the whole time of a request before one answers.
  @Limit(of = "time that `etcd role --apply` may take", then = "it fails")
  private static final Duration APPLY_LIMIT = Duration.ofMinutes(1);

  // These words end up in commands that people paste into a shell.
  private static final Pattern USER = Pattern.compile("[A-Za-z0-9._@-]{1,100}");

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final RegistryOptions registryOptions = new RegistryOptions();

  @Option(
      names = "--namespace",
      required = true,
      paramLabel = "NAMESPACE",
      description = "The namespace, such as prod; \"\" for the whole store.")
  private String namespace = "";

  @Option(
      names = "--access",
      required = true,
      paramLabel = "read|write",
      description = "read for clients, write for servers.")
  private String access = "";

  @Option(
      names = "--user",
      paramLabel = "NAME",
      description = "Who gets the role; by default a user named like the role.")
  private @Nullable String user;

  @Option(
      names = "--apply",
      description = "Make the role in --registry, whose user must be allowed to (root).")
  private boolean apply;

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    EtcdRoles roles = EtcdRoles.of(namespace, etcdPermissionType());
    String owner = user == null ? roles.name() : user;
    if (!USER.matcher(owner).matches()) {
      throw UserError.usage("user: \"" + owner + "\" (expected: A-Z a-z 0-9 . _ @ -)");
    }
    List<String> commands = roles.commands(owner);
    if (apply) {
      RegistryUri uri = registryOptions.uri();
      if (!uri.scheme().equals("etcd")) {
        throw UserError.usage("registry: " + uri + " (expected: an etcd:// registry)");
      }
      BoundedAwait.await(
          roles.apply(uri, registryOptions.context()), APPLY_LIMIT, "role " + roles.name());
      // What is about users stays with people: a password is asked for on their terminal.
      commands = commands.stream().filter(c -> c.startsWith("etcdctl user")).toList();
    }
    print(roles.name(), commands);
    return ExitCode.OK;
  }

  private void print(String role, List<String> commands) {
    if (common.json()) {
      JsonLine json = JsonLine.object().with("role", role).with("applied", apply);
      common.commandContext().out().println(json.with("commands", commands));
      return;
    }
    if (apply) {
      common.commandContext().err().println("holdfast: made " + role + "; to give it to a user:");
    }
    commands.forEach(common.commandContext().out()::println);
  }

  private EtcdRoles.EtcdPermissionType etcdPermissionType() {
    return switch (access) {
      case "read" -> EtcdRoles.EtcdPermissionType.READ;
      case "write" -> EtcdRoles.EtcdPermissionType.WRITE;
      default -> throw UserError.usage("access: " + access + " (expected: read or write)");
    };
  }
}
