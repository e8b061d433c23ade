package dev.holdfast.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.lab.FlowEvent.FlowEventKind;
import dev.holdfast.lab.PathFaults.CountedTraffic;
import dev.holdfast.lab.PathFaults.IdleAction;
import dev.holdfast.lab.PathFaults.StreamEnd;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The hop that understands HTTP/2, spoken to in raw frames. */
// Each test opens its own middlebox.
@SuppressWarnings("NullAway.Init")
class MiddleboxHttp2Test {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration TIMEOUT = Duration.ofMinutes(1);
  private static final byte[] CONTENT = {1, 2, 3, 4, 5, 6, 7, 8};

  private final VirtualScheduler time = new VirtualScheduler();
  private final ConcurrentLinkedQueue<FlowEvent> events = new ConcurrentLinkedQueue<>();
  private ServerSocket target;
  private Middlebox middlebox;
  private FlowPair pair;
  private Http2Wire client;
  private Http2Wire server;

  @BeforeEach
  void open() throws IOException {
    target = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    pair.close();
    middlebox.close();
    target.close();
  }

  @Test
  void framesAndPingsPassAHopThatOnlyLooks() throws Exception {
    start(PathFaults.NONE);
    client.send(FrameScanner.PING, 0, 0, CONTENT);
    assertThat(server.next().payload()).isEqualTo(CONTENT);
    server.send(FrameScanner.PING, FrameScanner.FLAG_ACK, 0, CONTENT);
    assertThat(client.next().flags()).isEqualTo(FrameScanner.FLAG_ACK);
    openStream(1);
    server.send(FrameScanner.DATA, 0, 1, new byte[40_000]);
    assertThat(client.next().payload()).hasSize(40_000);
  }

  @Test
  void frameBytesThatTrickleInOneByOnePassWhole() throws Exception {
    start(PathFaults.builder().answersPings(true).build());
    for (byte[] frame :
        List.of(
            Http2Wire.bytes(FrameScanner.HEADERS, FrameScanner.FLAG_END_HEADERS, 1, CONTENT),
            Http2Wire.bytes(FrameScanner.PING, 0, 0, CONTENT),
            Http2Wire.bytes(FrameScanner.DATA, 0, 1, CONTENT))) {
      for (byte one : frame) {
        client.sendBytes(new byte[] {one});
      }
    }
    assertThat(server.next().type()).isEqualTo(FrameScanner.HEADERS);
    assertThat(server.next().type()).isEqualTo(FrameScanner.DATA);
    assertThat(client.next().type()).isEqualTo(FrameScanner.PING);
  }

  @Test
  void pingsAreAnsweredByTheHopWhileTheServerIsGone() throws Exception {
    start(PathFaults.builder().answersPings(true).halfOpenAfter(Duration.ofSeconds(5)).build());
    advance(Duration.ofSeconds(6));
    awaitEvent(FlowEventKind.HALF_OPEN);
    assertThatThrownBy(() -> pair.server.getInputStream().read())
        .isInstanceOf(SocketException.class);
    client.send(FrameScanner.PING, 0, 0, CONTENT);
    Http2Wire.Frame answer = client.next();
    assertThat(answer.type()).isEqualTo(FrameScanner.PING);
    assertThat(answer.flags()).isEqualTo(FrameScanner.FLAG_ACK);
    assertThat(answer.payload()).isEqualTo(CONTENT);
  }

  @Test
  void aStreamWithoutDataIsResetOnBothSidesAndTheConnectionStays() throws Exception {
    start(PathFaults.builder().streamTimeout(TIMEOUT, StreamEnd.RST_STREAM).build());
    openStream(1);
    openStream(3);
    advance(TIMEOUT.minusSeconds(10));
    client.send(FrameScanner.DATA, 0, 3, CONTENT);
    assertThat(server.next().streamId()).isEqualTo(3);
    advance(Duration.ofSeconds(20));
    for (Http2Wire side : List.of(client, server)) {
      Http2Wire.Frame reset = side.next();
      assertThat(reset.type()).isEqualTo(FrameScanner.RST_STREAM);
      assertThat(reset.streamId()).isEqualTo(1);
    }
    openStream(5);
    assertThat(middlebox.counts().streamsEnded()).isEqualTo(1);
  }

  @Test
  void pingsDoNotKeepAStreamOpen() throws Exception {
    start(PathFaults.builder().streamTimeout(TIMEOUT, StreamEnd.RST_STREAM).build());
    openStream(1);
    advance(TIMEOUT.minusSeconds(10));
    client.send(FrameScanner.PING, 0, 0, CONTENT);
    assertThat(server.next().type()).isEqualTo(FrameScanner.PING);
    advance(Duration.ofSeconds(20));
    assertThat(client.next().type()).isEqualTo(FrameScanner.RST_STREAM);
  }

  @Test
  void aStreamThatEndedIsNotTimedOut() throws Exception {
    start(PathFaults.builder().streamTimeout(TIMEOUT, StreamEnd.RST_STREAM).build());
    openStream(1);
    client.send(FrameScanner.DATA, FrameScanner.FLAG_END_STREAM, 1);
    server.send(FrameScanner.DATA, FrameScanner.FLAG_END_STREAM, 1);
    assertThat(server.next().streamId()).isEqualTo(1);
    assertThat(client.next().streamId()).isEqualTo(1);
    advance(TIMEOUT.multipliedBy(3));
    openStream(3);
    assertThat(middlebox.counts().streamsEnded()).isZero();
  }

  @Test
  void anIdleConnectionGetsGoAwayAndIsClosedAndPingsDoNotCount() throws Exception {
    start(PathFaults.builder().idle(TIMEOUT, IdleAction.GOAWAY, CountedTraffic.HTTP).build());
    openStream(1);
    advance(TIMEOUT.minusSeconds(1));
    client.send(FrameScanner.PING, 0, 0, CONTENT);
    assertThat(server.next().type()).isEqualTo(FrameScanner.PING);
    advance(Duration.ofSeconds(2));
    Http2Wire.Frame goAway = client.next();
    assertThat(goAway.type()).isEqualTo(FrameScanner.GOAWAY);
    assertThat(goAway.intAt(0)).isEqualTo(1);
    assertThat(pair.client.getInputStream().read()).isEqualTo(-1);
    assertThat(pair.server.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void anInjectedGoAwayWaitsForTheEndOfAFrameAndOfAHeaderBlock() throws Exception {
    start(PathFaults.builder().goAway(Duration.ofSeconds(5), 11, "too_many_pings").build());
    client.send(FrameScanner.HEADERS, FrameScanner.FLAG_END_HEADERS, 1, CONTENT);
    assertThat(server.next().streamId()).isEqualTo(1);
    server.send(FrameScanner.HEADERS, 0, 1, CONTENT);
    assertThat(client.next().type()).isEqualTo(FrameScanner.HEADERS);
    advance(Duration.ofSeconds(6));
    awaitEvent(FlowEventKind.GOAWAY);
    server.send(FrameScanner.CONTINUATION, FrameScanner.FLAG_END_HEADERS, 1, CONTENT);
    assertThat(client.next().type()).isEqualTo(FrameScanner.CONTINUATION);
    Http2Wire.Frame goAway = client.next();
    assertThat(goAway.type()).isEqualTo(FrameScanner.GOAWAY);
    assertThat(goAway.intAt(4)).isEqualTo(11);
    assertThat(new String(goAway.payload(), 8, goAway.payload().length - 8, "US-ASCII"))
        .isEqualTo("too_many_pings");
    // What is open may end.
    server.send(FrameScanner.DATA, 0, 1, CONTENT);
    assertThat(client.next().type()).isEqualTo(FrameScanner.DATA);
  }

  @Test
  void aGoAwayIntoSomethingElseThanHttp2IsSaidAndNotSent() throws Exception {
    middlebox =
        Middlebox.toPort(target.getLocalPort())
            .faults(PathFaults.builder().goAway(Duration.ofSeconds(5), 0, "").build())
            .events(events::add)
            .scheduler(time)
            .start();
    pair = FlowPair.through(middlebox.address(), target);
    pair.serverSays("SSH");
    assertThat(pair.clientHears(3)).isEqualTo("SSH");
    pair.clientSays("PRI * HTML");
    assertThat(pair.serverHears(10)).isEqualTo("PRI * HTML");
    advance(Duration.ofSeconds(6));
    awaitEvent(FlowEventKind.NOT_HTTP2);
    pair.client.setSoTimeout(200);
    assertThatThrownBy(() -> pair.client.getInputStream().read())
        .isInstanceOf(SocketTimeoutException.class);
  }

  private void openStream(int id) throws IOException {
    client.send(FrameScanner.HEADERS, FrameScanner.FLAG_END_HEADERS, id, CONTENT);
    assertThat(server.next().streamId()).isEqualTo(id);
    server.send(FrameScanner.HEADERS, FrameScanner.FLAG_END_HEADERS, id, CONTENT);
    assertThat(client.next().streamId()).isEqualTo(id);
  }

  private void start(PathFaults faults) throws IOException {
    middlebox =
        Middlebox.toPort(target.getLocalPort())
            .faults(faults)
            .events(events::add)
            .scheduler(time)
            .start();
    pair = FlowPair.through(middlebox.address(), target);
    client = new Http2Wire(pair.client);
    server = new Http2Wire(pair.server);
    client.preface().send(FrameScanner.SETTINGS, 0, 0);
    server.send(FrameScanner.SETTINGS, 0, 0);
    assertThat(FlowPair.read(pair.server, Http2Wire.PREFACE.length)).isEqualTo(Http2Wire.PREFACE);
    assertThat(server.next().type()).isEqualTo(FrameScanner.SETTINGS);
    assertThat(client.next().type()).isEqualTo(FrameScanner.SETTINGS);
  }

  private void advance(Duration by) {
    middlebox.counts();
    // In steps: the result of one poll is scheduled on the loop before the next one is due.
    for (int step = 0; step < 20; step++) {
      time.advance(by.dividedBy(20));
      middlebox.counts();
    }
  }

  private void awaitEvent(FlowEventKind flowEventKind) {
    await(flowEventKind.text())
        .atMost(LIMIT)
        .until(() -> events.stream().anyMatch(event -> event.kind() == flowEventKind));
  }
}
