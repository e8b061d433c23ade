package dev.holdfast.registry.file;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * A program that announces one instance and waits to be killed: {@code uri service address}. It
 * takes orders by the line: {@code zone x} updates the record, {@code withdraw} takes it out,
 * {@code close} closes the registry.
 */
final class AnnouncingProgram {

  private AnnouncingProgram() {}

  public static void main(String[] args) throws Exception {
    Registry registry =
        new FileRegistryProvider().open(RegistryUri.parse(args[0]), RegistryContext.system());
    Endpoint endpoint = Endpoint.of(args[2]).withInstance("pid-" + ProcessHandle.current().pid());
    Registry.Announcement announcement =
        registry.announce(
            ServiceName.parse(args[1]),
            endpoint,
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
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      if (order.startsWith("zone ")) {
        announcement.update(endpoint.withZone(order.substring("zone ".length())));
      } else if (order.equals("withdraw")) {
        var unused =
            announcement
                .withdraw()
                .whenComplete(
                    (ok, failure) ->
                        System.out.println(failure == null ? "withdrawn" : "stays: " + failure));
      } else {
        registry.close();
        return;
      }
    }
  }
}
