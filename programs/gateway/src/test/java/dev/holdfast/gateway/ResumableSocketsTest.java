package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.greet.HelloReply;
import dev.holdfast.gateway.greet.HelloRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** WebSockets that go on after a cut, against a stock server. */
class ResumableSocketsTest {
  private static final Pattern ID = Pattern.compile("\"id\":\"([A-Za-z0-9_-]{22})\"");

  private ResumableRig rig = new ResumableRig();

  ResumableSocketsTest() throws IOException {}

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void bothDirectionsGoOnWithoutLossOrRepetition() throws Exception {
    String id;
    PushedGreetings.Stream stream;
    try (RawSocket socket = open(ResumableRig.CHAT + "?@session=new", "grpc+json")) {
      String hello = socket.next();
      id = id(hello);
      assertThat(hello)
          .isEqualTo(
              "text {\"@session\":{\"id\":\""
                  + id
                  + "\",\"after\":0,\"received\":0,\"ttlSeconds\":120}}");
      socket.text("{\"name\":\"a\"}");
      stream = rig.service.next();
      assertThat(stream.names.take()).isEqualTo("a");
      stream.say(2, "");
      assertThat(socket.next()).contains("\"number\":\"1\"");
    }
    stream.say(1, "");
    try (RawSocket socket = open(resumed(id, 1), "grpc+json")) {
      assertThat(socket.next()).contains("\"after\":1,\"received\":1");
      assertThat(socket.next()).contains("\"number\":\"2\"");
      assertThat(socket.next()).contains("\"number\":\"3\"");
      socket.text("{\"name\":\"b\"}");
      assertThat(stream.names.take()).isEqualTo("b");
      socket.text("");
      assertThat(stream.names.take()).isEqualTo("end");
      stream.end();
      assertThat(socket.next()).startsWith("text {\"@status\":{\"code\":0");
      assertThat(socket.next()).isEqualTo("close 1000 ");
    }
    try (RawSocket socket = open(resumed(id, 3), "grpc+json")) {
      assertThat(socket.next()).contains("\"received\":2");
      assertThat(socket.next()).startsWith("text {\"@status\":{\"code\":0");
    }
    assertThat(rig.service.waiting()).as("further calls").isZero();
  }

  @Test
  void protobufHasTheSameSessions() throws Exception {
    String id;
    PushedGreetings.Stream stream;
    try (RawSocket socket = open(ResumableRig.CHAT + "?%40session=new", "grpc+proto")) {
      id = id(socket.next());
      socket.part(2, true, HelloRequest.newBuilder().setName("a").build().toByteArray());
      stream = rig.service.next();
      assertThat(stream.names.take()).isEqualTo("a");
    }
    stream.say(1, "b");
    try (RawSocket socket = open(resumed(id, 0), "grpc+proto")) {
      assertThat(socket.next()).contains("\"after\":0,\"received\":1");
      assertThat(HelloReply.parseFrom(socket.nextBytes()).getText()).isEqualTo("b");
    }
  }

  @Test
  void aRequestOfOneMessageMayBeSentAgainOrNot() throws Exception {
    String id;
    PushedGreetings.Stream stream;
    String path = "/test.greet.Greeter/SayMany";
    try (RawSocket socket = open(path + "?@session=new", "grpc+json")) {
      id = id(socket.next());
      socket.text("{\"name\":\"a\"}");
      stream = rig.service.next();
      stream.say(1, "");
      assertThat(socket.next()).contains("\"number\":\"1\"");
    }
    String again = path + "?@session=" + id + "&@after=1";
    try (RawSocket socket = open(again, "grpc+json")) {
      assertThat(socket.next()).contains("@session");
      socket.text("{\"name\":\"a\"}");
      stream.say(1, "");
      assertThat(socket.next()).contains("\"number\":\"2\"");
    }
    try (RawSocket socket = open(again, "grpc+json")) {
      assertThat(socket.next()).contains("@session");
      assertThat(socket.next()).contains("\"number\":\"2\"");
      socket.text("{\"name\":\"b\"}");
      assertThat(socket.next()).contains("\"code\":3", "RESUME_OTHER_REQUEST");
    }
    try (RawSocket socket = open(again, "grpc+json")) {
      assertThat(socket.next()).contains("@session");
      assertThat(socket.next()).contains("\"number\":\"2\"");
    }
  }

  @Test
  void theOlderSocketIsClosedWithTheReason() throws Exception {
    try (RawSocket older = open(ResumableRig.CHAT + "?@session=new", "grpc+json")) {
      String id = id(older.next());
      older.text("{}");
      PushedGreetings.Stream stream = rig.service.next();
      try (RawSocket newer = open(resumed(id, 0), "grpc+json")) {
        assertThat(newer.next()).contains("@session");
        assertThat(older.next()).contains("\"code\":10", "RESUME_SUPERSEDED");
        assertThat(older.next()).startsWith("close 4010 gateway: resume: another reader");
        stream.say(1, "");
        assertThat(newer.next()).contains("\"number\":\"1\"");
      }
    }
  }

  @Test
  void acknowledgedMessagesAloneAreDropped() throws Exception {
    rig.close();
    rig = new ResumableRig(ResumableRig.policy(Duration.ofMinutes(2), 8_192, 10), 1);
    String text = "x".repeat(1_000);
    String id;
    PushedGreetings.Stream stream;
    String opened = ResumableRig.CHAT + "?@session=new&@ack=true";
    try (RawSocket socket = open(opened, "grpc+json")) {
      id = id(socket.next());
      stream = rig.service.next();
      stream.say(100, text);
      for (int i = 1; i <= 8; i++) {
        assertThat(socket.next()).contains("\"number\":\"" + i + "\"");
      }
      await().until(() -> rig.gauge("kept") > 8_192);
      socket.text("{\"@ack\": 5}");
      for (int i = 9; i <= 13; i++) {
        assertThat(socket.next()).contains("\"number\":\"" + i + "\"");
      }
      assertThat(rig.gauge("kept")).isLessThan(10_000);
    }
    try (RawSocket socket = open(resumed(id, 5), "grpc+json")) {
      assertThat(socket.next()).contains("\"after\":5");
      for (int i = 6; i <= 13; i++) {
        assertThat(socket.next()).contains("\"number\":\"" + i + "\"");
      }
      socket.text("{\"@ack\":99}");
      assertThat(socket.next()).contains("\"code\":3", "after message 99");
    }
    try (RawSocket socket = open(resumed(id, 4), "grpc+json")) {
      assertThat(socket.next())
          .contains("\"code\":10", "RESUME_TOO_LATE", "\"asked\":\"4\"", "\"firstKept\":\"6\"");
      assertThat(socket.next()).startsWith("close 4010 ");
    }
  }

  @Test
  void malformedSessionsAreRefusedBeforeTheHandshake() throws Exception {
    for (String query :
        new String[] {
          "@session=",
          "@session=x",
          "@session=" + "A".repeat(22),
          "@session=" + "A".repeat(22) + "&@after=-1",
          "@session=new&@ack=1"
        }) {
      try (RawSocket socket =
          RawSocket.ask(rig.socket(), ResumableRig.CHAT + "?" + query, "x-a: b")) {
        assertThat(socket.head()).as(query).startsWith("HTTP/1.1 400 ").contains("expected: ");
      }
    }
    try (RawSocket socket = open(resumed("A".repeat(22), 1), "grpc+json")) {
      assertThat(socket.next()).contains("RESUME_UNKNOWN");
      assertThat(socket.next()).startsWith("close 4010 ");
    }
  }

  @Test
  void withoutASessionNothingIsKept() throws Exception {
    try (RawSocket socket = open(ResumableRig.CHAT, "grpc+json")) {
      socket.text("{}");
      PushedGreetings.Stream stream = rig.service.next();
      stream.say(1, "");
      assertThat(socket.next()).contains("\"number\":\"1\"");
      socket.close();
      stream.awaitCancelled();
    }
  }

  @Test
  void aRouteWithoutThePolicyRefusesASession() throws Exception {
    try (FrontendRig plain = new FrontendRig();
        RawSocket socket =
            RawSocket.ask(plain.socket(), ResumableRig.CHAT + "?@session=new", "x-a: b")) {
      assertThat(socket.head())
          .startsWith("HTTP/1.1 400 ")
          .contains("@session: on a route whose streams can't be resumed");
    }
  }

  private RawSocket open(String path, String protocol) throws IOException {
    RawSocket socket = RawSocket.ask(rig.socket(), path, "sec-websocket-protocol: " + protocol);
    assertThat(socket.head()).startsWith("HTTP/1.1 101 ");
    return socket;
  }

  private static String resumed(String id, int after) {
    return ResumableRig.CHAT + "?@session=" + id + "&@after=" + after;
  }

  private static String id(String hello) {
    Matcher matcher = ID.matcher(hello);
    assertThat(matcher.find()).as(hello).isTrue();
    return matcher.group(1);
  }
}
