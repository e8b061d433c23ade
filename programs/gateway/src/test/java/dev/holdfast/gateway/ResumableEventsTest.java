package dev.holdfast.gateway;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.EventReader.Event;
import dev.holdfast.gateway.ResumableRig.Begun;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Server-sent events that go on after a cut, against a stock server. */
class ResumableEventsTest {
  private ResumableRig rig = new ResumableRig();

  ResumableEventsTest() throws IOException {}

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void goesOnBehindTheLastEventThatArrivedThenLive() throws Exception {
    PushedGreetings.Stream stream;
    String seen;
    try (Begun begun = rig.begun(3)) {
      stream = begun.stream();
      assertThat(begun.reader().header("cache-control")).isEqualTo("no-store, no-transform");
      assertThat(begun.reader().header("x-accel-buffering"))
          .as("nginx holds others")
          .isEqualTo("no");
      assertThat(begun.reader().numbers(2)).containsExactly(1, 2);
      seen = begun.reader().lastId();
      assertThat(seen).matches("[A-Za-z0-9_-]{22}\\.2");
    }
    stream.say(2, "");
    try (EventReader again = rig.read(seen)) {
      assertThat(again.status()).isEqualTo(200);
      assertThat(again.numbers(3)).containsExactly(3, 4, 5);
      stream.say(1, "");
      assertThat(again.numbers(1)).containsExactly(6);
      stream.end();
      Event end = requireNonNull(again.next());
      assertThat(end.name()).isEqualTo("end");
      assertThat(again.next()).isNull();
      try (EventReader done = rig.read(again.lastId())) {
        assertThat(done.status()).as("an EventSource does not come back").isEqualTo(204);
      }
    }
    assertThat(rig.service.waiting()).as("further calls").isZero();
    assertThat(rig.readers("resumed")).isEqualTo(1);
    assertThat(rig.readers("complete")).isEqualTo(1);
  }

  @Test
  void resumesFromEveryPositionOnEveryLoopWithoutGap() throws Exception {
    List<Integer> all = new ArrayList<>();
    Begun begun = rig.begun(1);
    PushedGreetings.Stream stream = begun.stream();
    EventReader reader = begun.reader();
    for (int i = 0; i < 20; i++) {
      all.addAll(reader.numbers(1));
      reader.close();
      stream.say(1, "");
      reader = rig.read(reader.lastId());
    }
    all.addAll(reader.numbers(1));
    reader.close();
    assertThat(all).hasSize(21).isSorted().doesNotHaveDuplicates();
    assertThat(all.get(20)).isEqualTo(21);
  }

  @Test
  void eachReaderIsToldATimeOfItsOwnAfterWhichItComesBack() throws Exception {
    Set<Integer> times = new HashSet<>();
    try (Begun begun = rig.begun(2)) {
      EventReader reader = begun.reader();
      assertThat(reader.numbers(2)).containsExactly(1, 2);
      for (int i = 0; i < 10; i++) {
        assertThat(reader.retryMillis()).as("once a response").hasSize(1);
        times.addAll(reader.retryMillis());
        reader.close();
        begun.stream().say(1, "");
        reader = rig.read(reader.lastId());
        assertThat(reader.numbers(1)).containsExactly(3 + i);
      }
      reader.close();
    }
    assertThat(times).allMatch(millis -> millis >= 1_000 && millis < 5_000);
    assertThat(times).hasSizeGreaterThan(2);
  }

  @Test
  void goesOnOverAnotherVersionOfHttp() throws Exception {
    try (Begun begun = rig.begun(1)) {
      assertThat(begun.reader().numbers(1)).containsExactly(1);
      begun.reader().close();
      RawPeer client = rig.rig.client(rig.gateway);
      client.headers(3, eventsOverHttp2(begun.reader().lastId()), true);
      assertThat(client.next("HEADERS").header(":status")).isEqualTo("200");
      assertThat(client.next("DATA").text())
          .matches("retry: [1-4][0-9]{3}\nid: \\Q" + begun.reader().lastId() + "\\E\n\n");
      begun.stream().say(1, "");
      assertThat(client.next("DATA").text()).contains(".2\ndata: ", "\"number\":\"2\"");
      begun.stream().end();
      assertThat(client.next("DATA").text()).contains(".3\nevent: end");
    }
  }

  private static Http2Headers eventsOverHttp2(String lastId) {
    return new DefaultHttp2Headers()
        .method("GET")
        .scheme("http")
        .authority("x")
        .path(ResumableRig.MANY)
        .add("accept", "text/event-stream")
        .add("user-agent", "x")
        .add("last-event-id", lastId);
  }

  @Test
  void aSilentStreamIsHeardOfAtOnce() throws Exception {
    try (Begun begun = rig.begun(1)) {
      assertThat(begun.reader().numbers(1)).containsExactly(1);
      begun.reader().close();
      try (EventReader again = rig.read(begun.reader().lastId())) {
        assertThat(again.status()).as("before the next message").isEqualTo(200);
        begun.stream().say(1, "");
        assertThat(again.numbers(1)).containsExactly(2);
      }
    }
  }

  @Test
  void theEndWhileTheReaderIsAwayIsReplayed() throws Exception {
    String seen;
    try (Begun begun = rig.begun(1)) {
      assertThat(begun.reader().numbers(1)).containsExactly(1);
      seen = begun.reader().lastId();
      begun.reader().close();
      begun.stream().say(1, "");
      begun.stream().fail();
    }
    for (int i = 0; i < 2; i++) {
      try (EventReader again = rig.read(seen)) {
        assertThat(again.numbers(1)).containsExactly(2);
        Event end = requireNonNull(again.next());
        assertThat(end.name()).isEqualTo("error");
        assertThat(end.data()).contains("\"code\":5", "gone");
        assertThat(end.id()).endsWith(".3");
      }
    }
  }

  @Test
  void whoComesTooLateHearsWhatIsMissing() throws Exception {
    rig.close();
    rig = new ResumableRig(ResumableRig.policy(Duration.ofMinutes(2), 4_096, 10), 1);
    String first;
    try (Begun begun = rig.begun(1)) {
      assertThat(begun.reader().numbers(1)).containsExactly(1);
      first = begun.reader().lastId();
      begun.stream().say(40, "x".repeat(200));
      assertThat(begun.reader().numbers(40)).endsWith(41);
    }
    try (EventReader late = rig.read(first)) {
      assertThat(late.status()).isEqualTo(409);
      assertThat(late.header("content-type")).isEqualTo("application/json");
      assertThat(late.rest())
          .contains("\"code\":10", "messages 2 to ", "RESUME_TOO_LATE", "\"asked\":\"1\"")
          .containsPattern("\"firstKept\":\"3[0-9]\"");
    }
    assertThat(rig.readers("too_late")).isEqualTo(1);
  }

  @Test
  void theServiceWaitsWhenNobodyReadsAndTheBufferIsFull() throws Exception {
    rig.close();
    rig = new ResumableRig(ResumableRig.policy(Duration.ofMinutes(2), 65_536, 10), 1);
    try (Begun begun = rig.begun(1)) {
      assertThat(begun.reader().numbers(1)).containsExactly(1);
      begun.reader().close();
      String text = "x".repeat(1_000);
      await()
          .until(
              () -> {
                begun.stream().sayUntilItWaits(text, 100_000);
                return rig.gauge("kept") >= 65_536;
              });
      assertThat(begun.stream().said.get()).isLessThan(10_000);
      assertThat(rig.gauge("kept")).isBetween(65_536.0, 67_000.0);
      int said = begun.stream().said.get();
      try (EventReader again = rig.read(begun.reader().lastId())) {
        List<Integer> numbers = again.numbers(said - 1);
        assertThat(numbers).isSorted().doesNotHaveDuplicates().startsWith(2).endsWith(said);
      }
    }
  }

  @Test
  void theNewerReaderTakesOverAndTheOlderIsTold() throws Exception {
    try (Begun begun = rig.begun(2)) {
      EventReader older = begun.reader();
      assertThat(older.numbers(1)).containsExactly(1);
      try (EventReader newer = rig.read(older.lastId())) {
        assertThat(newer.numbers(1)).containsExactly(2);
        assertThat(older.numbers(1)).containsExactly(2);
        Event told = requireNonNull(older.next());
        assertThat(told.name()).isEqualTo("error");
        assertThat(told.data()).contains("\"code\":10", "RESUME_SUPERSEDED");
        assertThat(older.next()).isNull();
        try (EventReader back = rig.read(older.lastId())) {
          assertThat(back.status()).as("an EventSource does not come back").isEqualTo(409);
          assertThat(back.rest()).contains("RESUME_SUPERSEDED");
        }
        begun.stream().say(1, "");
        assertThat(newer.numbers(1)).containsExactly(3);
      }
    }
  }

  @Test
  void anotherPrincipalHearsTheSameAsOfAStreamThatNeverWas() throws Exception {
    try (Begun begun = rig.begun(1, "authorization", "Bearer a", "cookie", "theme=dark; sid=1")) {
      assertThat(begun.reader().numbers(1)).containsExactly(1);
      String id = begun.reader().lastId();
      begun.reader().close();
      String never = refused("A".repeat(22) + ".1", "authorization", "Bearer a");
      assertThat(never).contains("RESUME_UNKNOWN");
      assertThat(refused(id)).isEqualTo(never);
      assertThat(refused(id, "authorization", "Bearer b", "cookie", "sid=1")).isEqualTo(never);
      assertThat(refused(id, "authorization", "Bearer a", "cookie", "sid=2")).isEqualTo(never);
      try (EventReader own =
          rig.read(id, "authorization", "Bearer a", "cookie", "sid=1; theme=light")) {
        begun.stream().say(1, "");
        assertThat(own.numbers(1)).containsExactly(2);
      }
    }
  }

  @Test
  void aPageThatMayNotReadTheStreamKeepsNothing() throws Exception {
    try (Begun begun = rig.begun(1, "origin", "https://other.example")) {
      assertThat(begun.reader().numbers(1)).containsExactly(1);
      assertThat(begun.reader().lastId()).isEmpty();
      begun.reader().close();
      begun.stream().awaitCancelled();
    }
    try (Begun begun = rig.begun(1, "origin", "https://shop.example")) {
      assertThat(begun.reader().numbers(1)).containsExactly(1);
      assertThat(begun.reader().lastId()).isNotEmpty();
    }
  }

  @Test
  void garbageAndOtherRequestsAreRefused() throws Exception {
    try (Begun begun = rig.begun(1)) {
      assertThat(begun.reader().numbers(1)).containsExactly(1);
      String id = begun.reader().lastId();
      begun.reader().close();
      String session = id.substring(0, id.indexOf('.'));
      for (String garbage :
          List.of("7", session, session + ".x", session + ".-1", session + ".01", "x" + id)) {
        try (EventReader refused = rig.read(garbage)) {
          assertThat(refused.status()).as(garbage).isEqualTo(400);
          assertThat(refused.rest()).contains("last-event-id").doesNotContain(session);
        }
      }
      try (EventReader beyond = rig.read(session + ".7")) {
        assertThat(beyond.status()).isEqualTo(400);
        assertThat(beyond.rest()).contains("after message 7 (expected: at most 1,");
      }
      try (EventReader other =
          EventReader.begin(rig.gateway.address(), "/v1/hello/y:many", id).get()) {
        assertThat(other.status()).isEqualTo(400);
        assertThat(other.rest()).contains("RESUME_OTHER_REQUEST");
      }
    }
  }

  @Test
  void aStreamWithoutAReaderEndsWithItsTime() throws Exception {
    rig.close();
    rig = new ResumableRig(ResumableRig.policy(Duration.ofSeconds(1), 65_536, 10), 1);
    try (Begun begun = rig.begun(1)) {
      assertThat(begun.reader().numbers(1)).containsExactly(1);
      begun.reader().close();
      begun.stream().awaitCancelled();
      assertThat(refused(begun.reader().lastId())).contains("RESUME_UNKNOWN");
      assertThat(rig.ended("expired")).isEqualTo(1);
      assertThat(rig.gauge("sessions")).isZero();
      assertThat(rig.gauge("kept")).isZero();
    }
  }

  @Test
  void aReaderThatNeverKnewTheIdLeavesNothing() throws Exception {
    var opening = rig.opening("");
    PushedGreetings.Stream stream = rig.service.next();
    opening.cancel(true);
    stream.awaitCancelled();
    await().until(() -> rig.gauge("sessions") == 0);
    assertThat(rig.ended("unread")).isEqualTo(1);
  }

  @Test
  void abandonedStreamsAreBoundedAndTheOldestGoesFirst() throws Exception {
    rig.close();
    rig = new ResumableRig(ResumableRig.policy(Duration.ofMinutes(2), 65_536, 3), 2);
    List<Begun> all = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      Begun begun = rig.begun(1);
      all.add(begun);
      assertThat(begun.reader().numbers(1)).containsExactly(1);
      begun.reader().close();
      int open = Math.min(3, i + 1);
      await().until(() -> rig.gauge("sessions") == open);
    }
    all.get(6).stream().awaitCancelled();
    assertThat(refused(all.get(6).reader().lastId())).contains("RESUME_UNKNOWN");
    assertThat(rig.ended("evicted")).isEqualTo(7);
    for (Begun kept : all.subList(7, 10)) {
      try (EventReader again = rig.read(kept.reader().lastId())) {
        kept.stream().say(1, "");
        assertThat(again.numbers(1)).containsExactly(2);
      }
    }
  }

  @Test
  void whereAllHaveReadersAFurtherStreamHasNoIds() throws Exception {
    rig.close();
    rig = new ResumableRig(ResumableRig.policy(Duration.ofMinutes(2), 65_536, 1), 1);
    try (Begun first = rig.begun(1);
        Begun second = rig.begun(1)) {
      assertThat(second.reader().numbers(1)).containsExactly(1);
      assertThat(second.reader().lastId()).isEmpty();
      assertThat(first.reader().numbers(1)).containsExactly(1);
      assertThat(first.reader().lastId()).isNotEmpty();
      assertThat(rig.readers("not_kept")).isEqualTo(1);
    }
  }

  @Test
  void aDrainingGatewayEndsWhatHasNoReader() throws Exception {
    try (Begun away = rig.begun(1);
        Begun reading = rig.begun(1)) {
      assertThat(away.reader().numbers(1)).containsExactly(1);
      away.reader().close();
      assertThat(reading.reader().numbers(1)).containsExactly(1);
      await().until(() -> rig.gauge("sessions") == 2);
      var drained = rig.gateway.drain();
      away.stream().awaitCancelled();
      reading.stream().awaitCancelled();
      Event told = requireNonNull(reading.reader().next());
      assertThat(told.data()).contains("draining");
      assertThat(told.id()).as("the stream's own end").isEmpty();
      drained.join();
      assertThat(rig.ended("drained")).isEqualTo(2);
      assertThat(rig.gauge("kept")).isZero();
    }
  }

  private String refused(String id, String... headers) throws Exception {
    try (EventReader refused = rig.read(id, headers)) {
      assertThat(refused.status()).isEqualTo(409);
      return refused.rest();
    }
  }
}
