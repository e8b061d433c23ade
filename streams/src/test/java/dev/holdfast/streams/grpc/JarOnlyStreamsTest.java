package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.core.testkit.ChildJvm;
import dev.holdfast.streams.Level;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Streams that are resumable by a setting alone. */
class JarOnlyStreamsTest {

  @Test
  void anUnchangedProgramKeepsItsStreamThroughACutAndOneLineSaysWhy() throws Exception {
    try (ChildJvm program = program("-Dholdfast.streams=test.Talk/Talk=resume")) {
      assertThat(program.await("ENDED")).isEqualTo("OK heard=1,2");
      assertThat(program.await("STOPPED")).isEqualTo("true");
      assertThat(program.countOf("event=streams_on")).isOne();
      assertThat(program.countOf("off_by=\"HOLDFAST_STREAMS=off\"")).isOne();
    }
  }

  @Test
  void switchedOffItLosesItAsEver() throws Exception {
    try (ChildJvm program = program("-Dholdfast.streams=off")) {
      assertThat(program.await("ENDED")).startsWith("UNAVAILABLE heard=1");
      assertThat(program.countOf("event=streams_on")).isZero();
    }
  }

  @Test
  void aMethodThatTheServiceDoesNotHaveIsNamedWithTheOneThatIsMeant() throws Exception {
    try (ChildJvm program = program("-Dholdfast.streams=test.Talk/Tolk=resume")) {
      assertThat(program.await("REFUSED"))
          .contains("HOLDFAST_STREAMS: test.Talk/Tolk", "did you mean test.Talk/Talk?");
    }
  }

  @Test
  void aWrongSettingNamesWhatWasExpected() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NamedStreams.parse("chat.Chat/*=resum"))
        .withMessageContaining("level \"resum\"")
        .withMessageContaining("did you mean resume?");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NamedStreams.parse("chat.Chat=resume"))
        .withMessageContaining("expected: package.Service/Method=level");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NamedStreams.parse("a.B/*=resume,a.B/*=reopen"))
        .withMessageContaining("each name once");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new NamedStreamsProvider()
                    .configure("test.Talk/Talk=durable", Map.of())
                    .resumable(StreamTown.talk(StreamTown::echo)))
        .withMessageContaining("HOLDFAST_STREAMS_STORE: none");
  }

  @Test
  void aMethodCountsBeforeItsServiceAndAServiceBeforeAll() {
    NamedStreams named = NamedStreams.parse("*=reopen, a.B/*, a.B/C=durable");
    assertThat(named.levelOf("a.B/C")).isEqualTo(Level.DURABLE);
    assertThat(named.levelOf("a.B/D")).isEqualTo(Level.RESUME);
    assertThat(named.levelOf("x.Y/Z")).isEqualTo(Level.REOPEN);
    assertThat(NamedStreams.parse("a.B/C").levelOf("a.B/D")).isNull();
  }

  private static ChildJvm program(String option) throws Exception {
    return ChildJvm.start(List.of(option), PlainStreamProgram.class);
  }
}
