package dev.holdfast.cli.demo.process;

import dev.holdfast.admin.AdminAccess;
import dev.holdfast.admin.AdminAddress;
import dev.holdfast.cli.console.Console;
import dev.holdfast.cli.fleet.OpenFleet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.discovery.Registries;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/** The console of a run, in the process of the demo. */
public final class DemoConsole {
  private DemoConsole() {}

  /**
   * Opens a console for the service of a run, on a free port of loopback.
   *
   * @param service relative to the registry's namespace
   * @param here the admin service of this process
   * @param gateways admin addresses of the run's gateways
   */
  public static Console open(
      RegistryUri uri, ServiceName service, HostPort here, List<HostPort> gateways, DemoAdmin admin)
      throws IOException, InterruptedException {
    Metadata headers = new Metadata();
    headers.put(AdminAccess.AUTHORIZATION, AdminAccess.SCHEME + admin.token());
    OpenFleet.FleetProcesses processes =
        new OpenFleet.FleetProcesses(List.of(here), address -> channel(address, headers));
    return Console.open(
        observer ->
            OpenFleet.ofRegistry(
                new Registries(RegistryContext.system()).open(uri),
                uri,
                Set.of(service.inside(uri.namespace())),
                processes,
                observer),
        Console.ConsoleOptions.onFreePort(gateways));
  }

  private static ManagedChannel channel(AdminAddress address, Metadata headers) {
    return Grpc.newChannelBuilderForAddress(
            address.address().host(), address.address().port(), InsecureChannelCredentials.create())
        .intercept(MetadataUtils.newAttachHeadersInterceptor(headers))
        .build();
  }
}
