package dev.holdfast.gateway;

import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.limits.GatewayMemory;
import io.netty.handler.codec.http2.Http2Settings;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A gateway for each test, before a server that the test plays itself and one that is well. */
abstract class AttackTestBase {
  final RawPeer.Upstream upstream =
      RawPeer.listen(new Http2Settings().maxConcurrentStreams(10_000));
  final Transport transport;
  AttackedGateway attackedGateway;

  AttackTestBase() {
    this(Transport.PLAINTEXT);
  }

  /**
   * For clients that mean harm.
   *
   * @param transport by which they come
   */
  AttackTestBase(Transport transport) {
    this.transport = transport;
  }

  @BeforeEach
  void open() throws Exception {
    Map<String, String> upstreams = Map.of(AttackedGateway.OTHER, upstream.address());
    GatewayMemory memory = GatewayMemory.ofProcess();
    attackedGateway = new AttackedGateway(upstreams, GatewayLimits.DEFAULT, memory, transport);
  }

  @AfterEach
  void close() {
    attackedGateway.close();
    upstream.close();
  }
}
