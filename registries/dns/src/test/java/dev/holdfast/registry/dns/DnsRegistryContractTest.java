package dev.holdfast.registry.dns;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.testkit.ReadableRegistryContractTest;
import dev.holdfast.lab.dns.DnsFault;
import dev.holdfast.lab.dns.DnsServer;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;

/** The readable part of the contract at a real name server, which breaks by not answering. */
class DnsRegistryContractTest extends ReadableRegistryContractTest {
  private final DnsServer server = DnsServer.start();

  @AfterEach
  void closeServer() {
    server.close();
  }

  @Override
  protected Registry open(RegistryContext context) {
    return new DnsRegistryProvider()
        .open(
            RegistryUri.parse(
                "dns://"
                    + server.authority()
                    + "/?port=50051&min-refresh=20ms&max-refresh=100ms&timeout=6s"),
            context);
  }

  @Override
  protected void hold(ServiceName service, Endpoint... endpoints) {
    server
        .zone()
        .addresses(
            DnsName.ofAddresses(service, 50051).host(),
            Duration.ZERO,
            Stream.of(endpoints).map(e -> e.address().host()).toArray(String[]::new));
  }

  @Override
  protected void breakConnection() {
    server.fail(DnsFault.of(DnsFault.DnsFaultKind.SILENCE));
  }

  @Override
  protected void restoreConnection() {
    server.heal();
  }
}
