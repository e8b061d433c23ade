package dev.holdfast.registry.etcd;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.registration.InstanceRegistration;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * Registers one instance until it is told to leave: URI, service, address and instance id. It
 * writes a line for each state of its registration.
 */
public final class AnnouncingProgram {
  private AnnouncingProgram() {}

  public static void main(String[] args) throws Exception {
    RegistryContext context = RegistryContext.system();
    try (Registry registry = new EtcdRegistryProvider().open(RegistryUri.parse(args[0]), context)) {
      Endpoint endpoint = Endpoint.of(args[2]).withInstance(args[3]);
      InstanceRegistration registration =
          InstanceRegistration.start(registry, ServiceName.parse(args[1]), endpoint, context);
      var unused =
          registration.onState(
              (registrationState, cause) ->
                  System.out.println("state " + registrationState + (cause == null ? "" : "*")));
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
      registration.withdraw().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
    System.out.println("left");
  }
}
