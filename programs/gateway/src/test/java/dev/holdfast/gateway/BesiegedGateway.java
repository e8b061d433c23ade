package dev.holdfast.gateway;

import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMemory;
import io.netty.handler.codec.http2.Http2Settings;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A gateway for each test, before a server that the test plays itself and one that is well. */
abstract class BesiegedGateway {
  final RawPeer.Upstream upstream =
      RawPeer.listen(new Http2Settings().maxConcurrentStreams(10_000));
  final Transport transport;
  Besieged besieged;

  BesiegedGateway() {
    this(Transport.PLAINTEXT);
  }

  /**
   * For clients that mean harm.
   *
   * @param transport by which they come
   */
  BesiegedGateway(Transport transport) {
    this.transport = transport;
  }

  @BeforeEach
  void open() throws Exception {
    Map<String, String> upstreams = Map.of(Besieged.OTHER, upstream.address());
    GatewayMemory memory = GatewayMemory.ofProcess();
    besieged = new Besieged(upstreams, GatewayLimits.DEFAULT, memory, transport);
  }

  @AfterEach
  void close() {
    besieged.close();
    upstream.close();
  }
}
