package dev.holdfast.registry.file;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;

/** A program that announces one instance and waits to be killed: {@code uri service address}. */
final class AnnouncingProgram {

  private AnnouncingProgram() {}

  public static void main(String[] args) throws Exception {
    Registry registry =
        new FileRegistryProvider().open(RegistryUri.parse(args[0]), RegistryContext.system());
    var unused =
        registry.announce(
            ServiceName.parse(args[1]),
            Endpoint.of(args[2]).withInstance("pid-" + ProcessHandle.current().pid()),
            new Registry.AnnouncementListener() {
              @Override
              public void onPublished() {
                System.out.println("published");
              }

              @Override
              public void onEnded(RegistryException cause) {
                System.out.println("ended " + cause.kind() + " " + cause.getMessage());
              }
            });
    if (System.in.read() >= 0) {
      registry.close();
    }
  }
}
