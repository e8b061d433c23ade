package dev.holdfast.cli.fleet;

import dev.holdfast.admin.AdminAccess;
import dev.holdfast.admin.AdminAddress;
import dev.holdfast.cli.ChannelOptions;
import dev.holdfast.cli.NamespaceArguments;
import dev.holdfast.cli.RegistryOptions;
import dev.holdfast.cli.TokenFile;
import dev.holdfast.cli.UserError;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.Registries;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options that say which fleet is read, and how its processes are asked. */
public final class FleetOptions {
  @Mixin private final RegistryOptions registryOptions = new RegistryOptions();
  @Mixin private final ChannelOptions channelOptions = new ChannelOptions();

  @Parameters(
      arity = "0..*",
      paramLabel = "SERVICE",
      description = "The services; without one, all of the registry's namespace.")
  private List<String> services = new ArrayList<>();

  @Option(
      names = "--admin-address",
      paramLabel = "HOST:PORT",
      description = "An admin service that no registry names, as of a client; several.")
  private List<String> admins = new ArrayList<>();

  @Option(
      names = "--admin-token-file",
      paramLabel = "FILE",
      description =
          "A file with the token that the admin services want (HOLDFAST_ADMIN_TOKEN_FILE).")
  private @Nullable Path tokenFile;

  /**
   * Opens the registry and waits a little for its first lists.
   *
   * @throws UserError when the command line makes no sense
   * @throws InterruptedException when the thread is interrupted meanwhile
   */
  public OpenFleet open(FleetServices.EndpointsObserver observer) throws InterruptedException {
    Metadata headers = headers();
    OpenFleet.FleetProcesses processes =
        new OpenFleet.FleetProcesses(
            admins.stream().map(HostPort::parse).toList(), address -> channel(address, headers));
    if (!registryOptions.isNamed() && services.isEmpty() && !processes.further().isEmpty()) {
      return OpenFleet.ofAddresses(processes);
    }
    RegistryUri uri = registry();
    Set<ServiceName> names = names(uri);
    Registries.Handle handle = registryOptions.open(uri);
    if (names.isEmpty()) {
      NamespaceArguments.requireListable(handle.registry(), uri);
    }
    return OpenFleet.ofRegistry(handle, uri, names, processes, observer);
  }

  private RegistryUri registry() {
    return services.isEmpty() || !services.get(0).contains("://")
        ? registryOptions.uri()
        : registryOptions.target(services.get(0)).registry();
  }

  private Set<ServiceName> names(RegistryUri uri) {
    Set<ServiceName> names = new TreeSet<>();
    for (String service : services) {
      ServiceTarget target = registryOptions.target(service);
      if (!target.registry().equals(uri)) {
        throw UserError.usage("service: " + service + " (expected: all in one registry)");
      }
      names.add(target.service());
    }
    return names;
  }

  private ManagedChannel channel(AdminAddress address, Metadata headers) {
    ClientInterceptor token = MetadataUtils.newAttachHeadersInterceptor(headers);
    return address.loopback()
        ? channelOptions.plaintextChannel(address.address(), token)
        : channelOptions.channel(address.address(), token);
  }

  /**
   * The value of the header {@code authorization} for admin services; empty without a token.
   *
   * @throws UserError when the file can't be read
   */
  public Optional<String> authorization() {
    return Optional.ofNullable(tokenFile)
        .map(file -> AdminAccess.SCHEME + TokenFile.read("admin-token-file", file));
  }

  private Metadata headers() {
    Metadata headers = new Metadata();
    authorization().ifPresent(value -> headers.put(AdminAccess.AUTHORIZATION, value));
    return headers;
  }
}
