package dev.holdfast.cli;

import dev.holdfast.cli.settings.Settings;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.Registries;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that select the registry for registration and lookup. */
@SuppressWarnings("NullAway.Init") // picocli fills the fields before a command runs
public final class RegistryOptions {
  private static final String REGISTRY = "--registry";
  private static final String LEASE_PARAMETER = "lease";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec mixee;

  @Option(
      names = REGISTRY,
      paramLabel = "URI",
      description =
          "The registry, such as etcd://h1,h2:2379/prod or file:///run/services"
              + " (HOLDFAST_REGISTRY). Its password comes from HOLDFAST_REGISTRY_PASSWORD_FILE or"
              + " HOLDFAST_REGISTRY_PASSWORD.")
  private @Nullable String registry;

  private @Nullable Registries registries;

  /**
   * The registry that was named.
   *
   * @throws UserError when none was, or when it has a password on the command line
   */
  public RegistryUri uri() {
    if (registry == null || !isNamed()) {
      throw UserError.usage(
          "registry: none (expected: --registry URI or HOLDFAST_REGISTRY, such as "
              + examples()
              + ")");
    }
    if (isFromCommandLine()) {
      Secrets.refuseOnCommandLine("registry", registry);
    }
    return RegistryUri.parse(registry);
  }

  /** Whether a registry was named. */
  public boolean isNamed() {
    return registry != null && !registry.isBlank();
  }

  /**
   * A service directly in the registry's namespace, for records that are written: a name with a
   * namespace of its own would put them where nobody looks.
   *
   * @throws UserError when the name has a namespace
   */
  public ServiceTarget service(String name) {
    ServiceName service = ServiceName.parse(name);
    if (!service.namespace().isEmpty()) {
      throw UserError.usage(
          "service: \"" + name + "\" (expected: no /, as --registry names the namespace)");
    }
    return ServiceTarget.in(uri(), service);
  }

  /** A target as a program would be given it, or the name of a service in the registry. */
  public ServiceTarget target(String text) {
    if (!text.contains("://")) {
      return ServiceTarget.in(uri(), ServiceName.parse(text));
    }
    Secrets.refuseOnCommandLine("target", text);
    return registries().resolveTarget(text);
  }

  /** Opens a registry; the caller closes it. */
  public Registries.Handle open(RegistryUri uri) {
    return registries().open(uri);
  }

  /**
   * The registry in which records have no lease: they stay until someone deletes them.
   *
   * @throws UserError when this kind of registry has no such records
   */
  public RegistryUri withoutLease(RegistryUri uri) {
    RegistryProvider provider = registries().providers().get(uri.scheme());
    boolean supported =
        provider == null
            || provider.uriParameters().stream().anyMatch(p -> p.name().equals(LEASE_PARAMETER));
    if (!supported) {
      throw UserError.usage(
          "registry: " + uri.scheme() + " has no records without a lease (expected: etcd or file)");
    }
    Map<String, String> parameters = new TreeMap<>(uri.parameters());
    parameters.put(LEASE_PARAMETER, "none");
    return new RegistryUri(
        uri.scheme(), uri.userInfo(), uri.authority(), uri.namespace(), parameters);
  }

  /** The shared resources of all registries of this run: scheduler, environment, clock. */
  public RegistryContext context() {
    return registries().context();
  }

  private Registries registries() {
    if (registries == null) {
      registries = new Registries(RegistryContext.system().withEnvironment(environment()));
    }
    return registries;
  }

  /** {@code --registry} also says where {@code holdfast:///} targets are looked up. */
  private Map<String, String> environment() {
    Map<String, String> environment = new TreeMap<>(settings().environment());
    if (registry != null) {
      environment.put(ServiceTarget.REGISTRY_VARIABLE, registry);
    }
    return environment;
  }

  /** The command itself, also where this is mixed into a mixin. */
  private CommandSpec command() {
    return mixee.findOption(REGISTRY).command();
  }

  private boolean isFromCommandLine() {
    // Defaults, from settings, are not among the matched options.
    return command().commandLine().getParseResult().hasMatchedOption(REGISTRY);
  }

  private String examples() {
    return registries().providers().values().stream()
        .map(RegistryProvider::example)
        .sorted()
        .reduce((a, b) -> a + " or " + b)
        .orElse("file:///run/services");
  }

  private Settings settings() {
    return ((HoldfastCommand) command().root().userObject()).commandContext().settings();
  }
}
