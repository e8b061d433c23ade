package dev.holdfast.gateway.frontend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.gateway.resume.ResumeToken;
import dev.holdfast.transcoding.status.RequestRefusedException;
import org.junit.jupiter.api.Test;

class SocketSessionTest {
  private static final String ID = "abcdefghijklmnopqrst-_";

  @Test
  void parametersOfTheSessionAreNoParametersOfTheCall() {
    SocketSession session =
        SocketSession.of("name=a&%40session=" + ID + "&session=b&@after=7&count=2");
    assertThat(session.query()).isEqualTo("name=a&session=b&count=2");
    assertThat(session.token()).isEqualTo(new ResumeToken(ID, 7, false));
  }

  @Test
  void aQueryWithoutASessionIsLeftAsItIs() {
    SocketSession session = SocketSession.of("@after=1&subsession=b&&");
    assertThat(session.isAsked()).isFalse();
    assertThat(session.query()).isEqualTo("@after=1&subsession=b&&");
    assertThat(SocketSession.of("a=b").query()).isEqualTo("a=b");
  }

  @Test
  void aNewSessionHasNoPlaceToGoOnFrom() {
    assertThat(SocketSession.of("@session=new").token()).isNull();
    assertThat(SocketSession.of("@session=new").acknowledges()).isFalse();
    assertThat(SocketSession.of("@session=new&%40ack=true").acknowledges()).isTrue();
  }

  @Test
  void malformedParametersAreRefusedWithoutTheSecret() {
    assertThatThrownBy(() -> SocketSession.of("@session=" + ID + "x&@after=1").token())
        .isInstanceOf(RequestRefusedException.class)
        .hasMessage("@session: 23 characters (expected: new, or the id that the gateway sent)");
    assertThatThrownBy(() -> SocketSession.of("@session=" + ID).token())
        .hasMessage("@after: none (expected: the number of messages that were received)");
    assertThatThrownBy(() -> SocketSession.of("@session=" + ID + "&@after=07").token())
        .hasMessageStartingWith("@after: 07 (expected: ");
    assertThatThrownBy(() -> SocketSession.of("@session=new&@ack=no").acknowledges())
        .hasMessage("@ack: no (expected: true, or none)");
  }
}
