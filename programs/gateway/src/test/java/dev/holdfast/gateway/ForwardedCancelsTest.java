package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.cluster.EndpointView;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that give calls up, in front of a server that takes many resets for an attack. */
class ForwardedCancelsTest {
  private static final String PATH = "/test.Echo/Talk";
  private static final String LATER = "/test.Echo/Later";

  /** Of one endpoint and thread. */
  private static final int MAX_LEAVING = 64;

  private final GatewayRig rig = new GatewayRig();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void cancelsOfSomeCutNoCallOfOthers() throws Exception {
    RawPeer.Upstream upstream =
        rig.closing(
            RawPeer.listen(
                new Http2Settings().maxConcurrentStreams(100), 200, (peer, request) -> {}));
    Gateway gateway = rig.gateway(upstream.address());
    RawPeer patient = rig.client(gateway);
    patient.headers(3, RawPeer.call(PATH), false);
    RawPeer first = upstream.accepted();
    int stays = first.next("HEADERS").stream();
    RawPeer client = rig.client(gateway);
    int id = 3;
    for (int wave = 0; wave < 10; wave++) {
      int from = id;
      for (int i = 0; i < 40; i++, id += 2) {
        client.headers(id, RawPeer.call(PATH), false);
      }
      client.ping(wave);
      client.next("PONG");
      for (int each = from; each < id; each += 2) {
        client.reset(each, Http2Error.CANCEL.code());
      }
      client.ping(wave);
      client.next("PONG");
      // Calls would wait for another connection, and never reach it.
      await().untilAsserted(() -> assertThat(view(gateway).ready()).isPositive());
    }
    first.headers(stays, RawPeer.trailers(0).status("200"), true);
    assertThat(patient.next("HEADERS").header("grpc-status")).isEqualTo("0");
    assertThat(rig.met("upstream_cancels")).isPositive();
    RawPeer next = upstream.accepted();
    assertThat(next.next("RST_STREAM").code()).isEqualTo(Http2Error.CANCEL.code());
  }

  @Test
  void answersUnderWayAreTakenWhenTheLastCallOfAConnectionIsGivenUp() throws Exception {
    try (ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Gateway gateway = rig.gateway("127.0.0.1:" + listener.getLocalPort());
      RawPeer client = rig.client(gateway);
      client.headers(3, RawPeer.call(PATH), false);
      try (Socket upstream = listener.accept()) {
        OutputStream out = upstream.getOutputStream();
        DataInputStream in = new DataInputStream(upstream.getInputStream());
        in.skipNBytes(RawServer.PREFACE_BYTES);
        out.write(RawServer.SETTINGS);
        skipTo(in, Http2FrameTypes.HEADERS);
        // It is to leave with the calls that it has.
        out.write(RawServer.frame(7, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0));
        out.write(RawServer.head(0));
        client.next("HEADERS");
        client.reset(3, Http2Error.CANCEL.code());
        skipTo(in, Http2FrameTypes.RST_STREAM);
        assertThat(in.read()).isEqualTo(-1);
        for (int i = 0; i < 100; i++) {
          out.write(RawServer.frame(0, 0, 3, new byte[1_000]));
        }
      }
      await().untilAsserted(() -> assertThat(view(gateway)).extracting("connections").isEqualTo(0));
    }
  }

  @Test
  void clientsThatLeaveWithManyCallsAtOnceCutNoCallOfOthers() throws Exception {
    RawPeer.Upstream upstream =
        rig.closing(
            RawPeer.listen(
                new Http2Settings().maxConcurrentStreams(10_000), 200, (peer, request) -> {}));
    Gateway gateway = rig.gateway(upstream.address());
    RawPeer patient = rig.client(gateway);
    patient.headers(3, RawPeer.call(PATH), false);
    RawPeer first = upstream.accepted();
    int stays = first.next("HEADERS").stream();
    List<RawPeer> clients = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      RawPeer client = rig.client(gateway);
      clients.add(client);
      for (int id = 3; id < 3 + 2 * 120; id += 2) {
        client.headers(id, RawPeer.call(PATH), false);
      }
      client.ping(1);
      client.next("PONG");
    }
    for (int i = 0; i < 4 * 120; i++) {
      first.next("HEADERS");
    }
    clients.forEach(RawPeer::close);
    await().untilAsserted(() -> assertThat(view(gateway).openCalls()).isEqualTo(1));
    // What the gateway has to say of them is read before its answer to this.
    first.ping(7);
    first.next("PONG");
    first.headers(stays, RawPeer.trailers(0).status("200"), true);
    assertThat(patient.next("HEADERS").header("grpc-status")).isEqualTo("0");
  }

  /** The h2 library counts them; the server stalls, so that time proves nothing. */
  @Test
  void cancelsRightBehindTheirCallsCutNoCallOfOthers() throws Exception {
    AcceptQueueServer server = rig.closing(new AcceptQueueServer());
    Gateway gateway = rig.gateway(server.address());
    RawPeer patient = rig.client(gateway);
    patient.headers(3, RawPeer.call(PATH), false);
    await().until(() -> server.accepted() == 1);
    RawPeer client = rig.client(gateway);
    int id = 3;
    for (int wave = 0; wave < 2; wave++) {
      for (int i = 0; i < 40; i++, id += 2) {
        client.headers(id, RawPeer.call(PATH), false);
        client.reset(id, Http2Error.CANCEL.code());
      }
      client.ping(wave);
      client.next("PONG");
    }
    await().until(() -> server.resets() == 80);
    assertThat(view(gateway).openCalls()).isEqualTo(1);
    server.answer();
    assertThat(patient.next("HEADERS").header("grpc-status")).isEqualTo("0");
  }

  /** As many connections as may have long calls and no new ones are there already. */
  @Test
  void whereNoConnectionMayTakeThePlaceOfAWornOneNoCallOfOthersIsCut() throws Exception {
    RawPeer.Upstream upstream =
        rig.closing(
            RawPeer.listen(
                new Http2Settings().maxConcurrentStreams(10_000), 200, (peer, request) -> {}));
    Gateway gateway = rig.gateway(upstream.address());
    RawPeer patient = rig.client(gateway);
    int id = 3;
    patient.headers(id, RawPeer.call(PATH), false);
    RawPeer newest = upstream.accepted();
    int stays = newest.next("HEADERS").stream();
    for (int i = 0; i < MAX_LEAVING; i++) {
      giveUp(gateway, 90);
      newest = upstream.accepted();
      // The one before gets no calls as soon as the gateway has the SETTINGS of this one.
      newest.ping(i);
      newest.next("PONG");
      id += 2;
      patient.headers(id, RawPeer.call(PATH), false);
      stays = newest.next("HEADERS").stream();
    }
    RawPeer last = newest;
    assertThat(view(gateway).connections()).isEqualTo(MAX_LEAVING + 1);
    for (int i = 0; i < 3; i++) {
      giveUp(gateway, 120);
    }
    last.ping(7);
    last.next("PONG");
    last.headers(stays, RawPeer.trailers(0).status("200"), true);
    assertThat(patient.next("HEADERS").header("grpc-status")).isEqualTo("0");
    // Neither does anybody wait for what is held back.
    patient.headers(id + 2, RawPeer.call(LATER), false);
    await().until(() -> last.next("HEADERS").header(":path").equals(LATER));
  }

  /** Calls of a client that reach the upstream, and are cancelled. */
  private void giveUp(Gateway gateway, int calls) throws Exception {
    RawPeer client = rig.client(gateway);
    for (int id = 3; id < 3 + 2 * calls; id += 2) {
      client.headers(id, RawPeer.call(PATH), false);
    }
    client.ping(1);
    client.next("PONG");
    for (int id = 3; id < 3 + 2 * calls; id += 2) {
      client.reset(id, Http2Error.CANCEL.code());
    }
    client.ping(2);
    client.next("PONG");
  }

  private static EndpointView view(Gateway gateway) {
    return gateway.views(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS)).join().stream()
        .flatMap(each -> each.endpoints().values().stream())
        .flatMap(List::stream)
        .findFirst()
        .orElseThrow();
  }

  /** Skips a frame of this type and all before it. */
  private static void skipTo(DataInputStream in, byte type) throws IOException {
    byte came;
    do {
      int lengthAndType = in.readInt();
      came = (byte) lengthAndType;
      in.skipNBytes(5L + (lengthAndType >>> 8));
    } while (came != type);
  }
}
