package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.lab.process.RecordedJvm;
import dev.holdfast.streams.DurabilityLevel;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Streams that are resumable by a setting alone. */
class JarOnlyStreamsTest {

  @Test
  void anUnchangedProgramKeepsItsStreamThroughACutAndIsToldOfAStopAndOneLineSaysWhy()
      throws Exception {
    try (RecordedJvm program = program("-Dholdfast.streams=test.Talk/Talk=resume")) {
      assertThat(program.await("ENDED")).isEqualTo("OK heard=1,2");
      assertThat(program.await("LEFT")).startsWith("MOVED processed_by_peer=1 ");
      assertThat(program.await("STOPPED")).isEqualTo("true");
      assertThat(program.countOf("event=streams_on")).isOne();
      assertThat(program.countOf("off_by=\"HOLDFAST_STREAMS=off\"")).isOne();
    }
  }

  @Test
  void switchedOffItLosesItAsEver() throws Exception {
    try (RecordedJvm program = program("-Dholdfast.streams=off")) {
      assertThat(program.await("ENDED")).startsWith("UNAVAILABLE heard=1");
      assertThat(program.countOf("event=streams_on")).isZero();
    }
  }

  @Test
  void aMethodThatTheServiceDoesNotHaveIsNamedWithTheOneThatIsMeant() throws Exception {
    try (RecordedJvm program = program("-Dholdfast.streams=test.Talk/Tolk=resume")) {
      assertThat(program.await("REFUSED"))
          .contains("HOLDFAST_STREAMS: test.Talk/Tolk", "did you mean test.Talk/Talk?");
    }
  }

  @Test
  void aWrongSettingNamesWhatWasExpected() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MethodDurabilityLevels.parse("chat.Chat/*=resum"))
        .withMessageContaining("level \"resum\"")
        .withMessageContaining("did you mean resume?");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MethodDurabilityLevels.parse("chat.Chat=resume"))
        .withMessageContaining("expected: package.Service/Method=level");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MethodDurabilityLevels.parse("a.B/*=resume,a.B/*=reopen"))
        .withMessageContaining("each name once");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new EnvironmentStreamsProvider()
                    .configure("test.Talk/Talk=durable", Map.of())
                    .resumable(StreamTopology.talk(StreamTopology::echo)))
        .withMessageContaining("HOLDFAST_STREAMS_STORE: none");
  }

  @Test
  void whatTheCodeMadeResumableIsLeftAsItIs() {
    ServerServiceDefinition coded =
        ServerStreams.builder().build().resumable(StreamTopology.talk(StreamTopology::echo));
    ServerServiceDefinition served =
        new EnvironmentStreamsProvider()
            .configure("test.Talk/Talk=resume", Map.of())
            .resumable(coded);
    assertThat(served.getMethod("test.Talk/Talk")).isSameAs(coded.getMethod("test.Talk/Talk"));
  }

  @Test
  void aMethodThatIsNamedItselfAndWhoseMessagesAreNotProtobufIsRefused() {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .setFullMethodName("test.Raw/Talk")
            .setRequestMarshaller(new Raw())
            .setResponseMarshaller(new Raw())
            .build();
    ServerServiceDefinition service =
        ServerServiceDefinition.builder("test.Raw")
            .addMethod(method, (call, headers) -> new ServerCall.Listener<>() {})
            .build();
    EnvironmentStreamsProvider provider = new EnvironmentStreamsProvider();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> provider.configure("test.Raw/Talk=resume", Map.of()).resumable(service))
        .withMessageContaining("test.Raw/Talk")
        .withMessageContaining("expected: marshallers of protobuf messages");
    // Nobody counts on it.
    ServerServiceDefinition served = provider.configure("*=resume", Map.of()).resumable(service);
    assertThat(served.getMethod("test.Raw/Talk")).isSameAs(service.getMethod("test.Raw/Talk"));
  }

  private static final class Raw implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Test
  void aMethodCountsBeforeItsServiceAndAServiceBeforeAll() {
    MethodDurabilityLevels named = MethodDurabilityLevels.parse("*=reopen, a.B/*, a.B/C=durable");
    assertThat(named.levelOf("a.B/C")).isEqualTo(DurabilityLevel.DURABLE);
    assertThat(named.levelOf("a.B/D")).isEqualTo(DurabilityLevel.RESUME);
    assertThat(named.levelOf("x.Y/Z")).isEqualTo(DurabilityLevel.REOPEN);
    assertThat(MethodDurabilityLevels.parse("a.B/C").levelOf("a.B/D")).isNull();
  }

  private static RecordedJvm program(String option) throws Exception {
    return RecordedJvm.start(List.of(option), PlainStreamProgram.class);
  }
}
