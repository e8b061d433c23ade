package dev.holdfast.gateway;

import io.netty.handler.codec.http2.Http2Settings;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A gateway for each test, before a server that the test plays itself and one that is well. */
abstract class BesiegedGateway {
  final RawPeer.Upstream upstream =
      RawPeer.listen(new Http2Settings().maxConcurrentStreams(10_000));
  Besieged besieged;

  @BeforeEach
  void open() throws Exception {
    besieged = new Besieged(upstream.address());
  }

  @AfterEach
  void close() {
    besieged.close();
    upstream.close();
  }
}
